// A measured position, and which of several says most of where somebody is now. Pure.
import { distanceM, reachM } from './geometry'

export interface Fix {
  lat: number
  lon: number
  acc_m: number | null
  src: string | null
  measured_at_ms: number
}

/** A fix so rough says nothing of which side of a fence somebody is on. */
export const VAGUE_M = 300
export const isVague = (fix: Fix): boolean => (fix.acc_m ?? VAGUE_M) >= VAGUE_M

const reachAt = (fix: Fix, atMs: number): number => reachM(fix.acc_m, atMs - fix.measured_at_ms, fix.src)

/** The newest, unless an older one within it, with the way walked since, is still the smaller: a cell after a satellite. */
export function tellingFix(older: Fix | null, newest: Fix, atMs: number): Fix {
  if (!older || older.measured_at_ms >= newest.measured_at_ms) return newest
  const [was, is] = [reachAt(older, atMs), reachAt(newest, atMs)]
  return 2 * was <= is && distanceM(older, newest) <= is ? older : newest
}
