// Which of a browser's tabs sounds. Each that sounds says so every second; of two the younger stays; of
// whom nothing was heard for some seconds is gone: closed, crashed, frozen or hung, it is all the same. Pure.
export interface Claim { id: string, sinceMs: number }

export const GONE_MS = 4_000

/** Whether `a` goes on where both sound: who began last did so on purpose. */
export const outranks = (a: Claim, b: Claim): boolean => a.sinceMs > b.sinceMs || (a.sinceMs === b.sinceMs && a.id > b.id)

export type Sounding = 'here' | 'elsewhere' | 'nowhere'

/** `heardMs` is when another tab last said that it sounds, null: never. */
export function whoSounds(mine: Claim | null, heardMs: number | null, nowMs: number): Sounding {
  if (mine) return 'here'
  return heardMs !== null && nowMs - heardMs < GONE_MS ? 'elsewhere' : 'nowhere'
}
