/** Labels that no scenario can reach, with the reason. The report of unreached labels prints it. */
export const UNREACHED: Readonly<Record<string, string>> = {}
