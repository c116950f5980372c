// For how long which alarm may be shelved. Behind some a person may be out there: minutes, and a warning.
const PERSON_MAY_BE_OUT = new Set(['fence_left', 'fence_entered', 'strap_off', 'position_lost', 'no_motion'])
const OF_A_PERSON = [5, 10, 15, 30]
const OF_A_DEVICE = [30, 60, 120, 240, 480, 720]

export const mayBeOut = (kind: string): boolean => PERSON_MAY_BE_OUT.has(kind)

// The gateway measures the longest from when the command arrives; a clock some seconds ahead must not be refused.
const SPARE_MS = 10_000

/** The end of a shelf that begins now: a whole second, as the gateway keeps it, so that what was promised is what is kept. */
export function shelfEnd(kind: string, minutes: number, nowMs: number): number {
  const isLongest = minutes === Math.max(...shelfMinutes(kind).choices)
  return Math.floor((nowMs + minutes * 60_000 - (isLongest ? SPARE_MS : 0)) / 1000) * 1000
}

/** The choices, and the one that is made for who chooses nothing. */
export const shelfMinutes = (kind: string): { choices: number[], usual: number } =>
  mayBeOut(kind) ? { choices: OF_A_PERSON, usual: 15 } : { choices: OF_A_DEVICE, usual: 60 }
