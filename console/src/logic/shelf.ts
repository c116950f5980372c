// For how long which alarm may be shelved. Behind some a person may be out there: minutes, and a warning.
const PERSON_MAY_BE_OUT = new Set(['fence_left', 'fence_entered', 'strap_off', 'position_lost', 'no_motion'])
const OF_A_PERSON = [5, 10, 15, 30]
const OF_A_DEVICE = [30, 60, 120, 240, 480, 720]

export const mayBeOut = (kind: string): boolean => PERSON_MAY_BE_OUT.has(kind)

/** The choices, and the one that is made for who chooses nothing. */
export const shelfMinutes = (kind: string): { choices: number[], usual: number } =>
  mayBeOut(kind) ? { choices: OF_A_PERSON, usual: 15 } : { choices: OF_A_DEVICE, usual: 60 }
