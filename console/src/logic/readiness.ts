// What of the start of a shift is still to be done: only what a person can still do. Pure.
import type { Tried } from '../state/sound'
import type { Awake, Permission } from '../state/presence'
import { type Tone, TONES } from './tones'

export interface Readiness { tried: Readonly<Record<Tone, Tried>>, heard: boolean | null, notifications: Permission, awake: Awake }
export interface Missing { check: 'tones' | 'answer' | 'unheard' | 'notifications' | 'screen', tones: Tone[] }

/** What a browser refused for good is told in the panel; a line that cannot be worked off is soon not read. */
export function missingChecks({ tried, heard, notifications, awake }: Readiness): Missing[] {
  const silent = TONES.filter(tone => tried[tone] === 'waiting' || tried[tone] === 'failed')
  const found: Missing[] = []
  if (heard === false) found.push({ check: 'unheard', tones: [] })
  else if (heard === null) found.push(silent.length ? { check: 'tones', tones: silent } : { check: 'answer', tones: [] })
  if (notifications === 'default') found.push({ check: 'notifications', tones: [] })
  if (awake === 'off') found.push({ check: 'screen', tones: [] })
  return found
}
