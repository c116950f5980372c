// The times of an outing as a form has them: the city's clock, whatever zone this computer is set to; and
// what an outing means to an alarm of who is out: whom to call first. Pure.
import type { components } from '../api-types'
import type { Alarm } from './alarm'

type Outing = components['schemas']['Outing']
export const REASONS = ['family', 'hospital', 'bus', 'activity', 'other'] as const
export const MAX_MS = 72 * 3_600_000
export const AHEAD_MS = 30 * 86_400_000

const CITY_MS = 8 * 3_600_000
const DAY_MS = 86_400_000
const EVENING_MS = 20 * 3_600_000

/** As the form has it. */
export const toField = (ms: number): string => new Date(ms + CITY_MS).toISOString().slice(0, 16)
export const fromField = (text: string): number | null => {
  const ms = Date.parse(`${text}:00+08:00`)
  return Number.isNaN(ms) ? null : ms
}

/** Ends that are asked for most: in two hours, this evening at eight while that is ahead, tomorrow at eight. */
export function quickEnds(nowMs: number): { name: 'two_hours' | 'evening' | 'tomorrow', ms: number }[] {
  const evening = Math.floor((nowMs + CITY_MS) / DAY_MS) * DAY_MS - CITY_MS + EVENING_MS
  const soon = { name: 'two_hours' as const, ms: Math.ceil(nowMs / 60_000) * 60_000 + 2 * 3_600_000 }
  const today = evening > nowMs ? [{ name: 'evening' as const, ms: evening }] : []
  return [soon, ...today, { name: 'tomorrow', ms: evening + DAY_MS }]
}

const endOf = (outing: Outing): number => outing.ended_at_ms ?? outing.until_ms
/** Kinds about a person who may be with the escort. */
const OF_A_WEARER = new Set(['sos', 'fall', 'fence_left', 'fence_entered', 'strap_off', 'no_motion', 'position_lost'])

/** The outing an alarm is to be read with: the one it names, the one that ran when it was raised, or that runs now. */
export function outingOfAlarm(alarm: Alarm, outings: readonly Outing[], nowMs: number): Outing | undefined {
  if (!alarm.resident_id || !OF_A_WEARER.has(alarm.kind)) return undefined
  const theirs = outings.filter(one => one.resident_id === alarm.resident_id && endOf(one) > one.from_ms)
  const ran = (atMs: number) => (one: Outing): boolean => one.from_ms <= atMs && atMs < endOf(one)
  return theirs.find(one => one.outing_id === alarm.because.outing_id) ?? theirs.find(ran(alarm.raised_at_ms)) ?? theirs.find(ran(nowMs))
}

export interface Escort { name: string, phone: string | null }
interface Contact { name?: string | null, relation?: string | null, phone?: string | null }

const PHONE = /\+?\d[\d -]{5,18}\d/
const AROUND = /^[\s,，、:：;；（(]+|[\s,，、:：;；）)]+$/g

/** Whom people wrote down as escort: "儿子 王强，13800000000"; a contact of the same name, or relation, lends the number. */
export function escortOf(text: string | null | undefined, contacts: readonly Contact[]): Escort | null {
  const said = (text ?? '').trim()
  if (!said) return null
  const own = PHONE.exec(said)?.[0].trim() ?? null
  const name = (own ? said.replace(own, '') : said).replace(/(电话|手机|tel\.?|phone)[:：]?/gi, '').replaceAll(AROUND, '') || said
  const known = (of: 'name' | 'relation'): Contact | undefined => contacts.find(one => one.phone && one[of] && said.includes(one[of]))
  return { name, phone: own ?? (known('name') ?? known('relation'))?.phone ?? null }
}

/** What is wrong with a stretch, or null. `fromMs` null: from now on. */
export function wrongWith(fromMs: number | null, untilMs: number | null, nowMs: number): 'end' | 'long' | 'far' | null {
  const begin = Math.max(fromMs ?? nowMs, nowMs)
  if (untilMs === null || untilMs <= begin) return 'end'
  if (begin - nowMs > AHEAD_MS) return 'far'
  return untilMs - (fromMs ?? nowMs) > MAX_MS ? 'long' : null
}
