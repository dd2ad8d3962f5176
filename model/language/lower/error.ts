/** A mistake in a model file, with the place it was found at. */
export class ModelError extends Error {}
