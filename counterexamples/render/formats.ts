/** The names of the forms, apart from what makes them. */
export const FORMATS = ['mail', 'table', 'svg', 'html', 'itf', 'shiviz', 'json', 'litmus'] as const
export type Format = (typeof FORMATS)[number]
