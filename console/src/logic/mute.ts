// Which tone sounds now. Muting quiets what the operator has heard; it never quiets fire or news.
import { type Alarm, isFire, isQuiet, isUnacknowledged } from './alarm'
import type { Tone } from './tones'

export const MAX_MUTE_MS = 60_000

export interface Mute {
  untilMs: number
  /** What was raised up to this sequence had been heard when the mute began. */
  heardSeq: number
}

export const NO_MUTE: Mute = { untilMs: 0, heardSeq: 0 }

export function muted(nowMs: number, heardSeq: number, lengthMs = MAX_MUTE_MS): Mute {
  return { untilMs: nowMs + Math.min(lengthMs, MAX_MUTE_MS), heardSeq }
}

/** A clock that was set back must not stretch a mute. */
export const isMuted = (mute: Mute, nowMs: number): boolean => nowMs < mute.untilMs && mute.untilMs - nowMs <= MAX_MUTE_MS

const LOUDNESS: readonly Tone[] = ['fire', 'urgent', 'high']

function toneOf(alarm: Alarm): Tone | null {
  if (!isUnacknowledged(alarm) || isQuiet(alarm) || alarm.priority === 'low') return null
  if (alarm.priority === 'high') return 'high'
  return isFire(alarm.kind) ? 'fire' : 'urgent'
}

/** The most pressing tone of all that wait for somebody, null for silence. */
export function toneNow(alarms: Iterable<Alarm>, mute: Mute, nowMs: number): Tone | null {
  const quiet = isMuted(mute, nowMs)
  let loudest = LOUDNESS.length
  for (const alarm of alarms) {
    const tone = toneOf(alarm)
    if (tone === null || (quiet && tone !== 'fire' && alarm.seq <= mute.heardSeq)) continue
    loudest = Math.min(loudest, LOUDNESS.indexOf(tone))
  }
  return LOUDNESS[loudest] ?? null
}
