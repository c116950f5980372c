// How a number of alarms is written: nought is said only once the alarms have been read.
export const UNKNOWN = '–'

export const countInWords = (n: number, known: boolean): string => (known ? String(n) : UNKNOWN)
