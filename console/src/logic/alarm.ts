// The words of an alarm: its form, kinds and what may be done to which.
import type { components } from '../api-types'

export type Alarm = components['schemas']['Alarm']
export type AlarmWithTimeline = components['schemas']['AlarmWithTimeline']
export type Priority = Alarm['priority']
export type State = Alarm['state']
export type Because = Record<string, unknown>

export const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'low']
export const OPEN_STATES: readonly State[] = [
  'active_unacknowledged',
  'cleared_unacknowledged',
  'active_acknowledged',
]
export const KINDS = [
  'fire_confirmed', 'smoke', 'heat', 'co', 'gas', 'manual_call', 'sos', 'fall', 'fence_left', 'fence_entered',
  'strap_off', 'electrical', 'water_flow', 'water_pressure_low', 'no_motion', 'water_leak', 'site_contact_lost',
  'position_lost', 'unreadable', 'tamper', 'low_battery', 'not_worn', 'contact_lost', 'data_gap', 'fault',
] as const
export type Kind = (typeof KINDS)[number]

// Contract, section 2: these stay until a person closes them and are never shelved.
const LATCHING = new Set(['sos', 'fall', 'smoke', 'heat', 'co', 'gas', 'manual_call', 'fire_confirmed'])
const FIRE = new Set(['fire_confirmed', 'smoke', 'heat', 'co', 'gas', 'manual_call'])

export const UNDO_MS = 60_000

const WANDERING = new Set(['fence_left', 'fence_entered', 'strap_off', 'position_lost'])

const OF_PERSON = new Set([...WANDERING, 'sos', 'fall', 'no_motion'])

/** Behind which somebody may need help; of a device that is out of order nobody does. */
export const isOfPerson = (kind: string): boolean => OF_PERSON.has(kind)
export const isWandering = (kind: string): boolean => WANDERING.has(kind)
export const isFire = (kind: string): boolean => FIRE.has(kind)
export const isUnacknowledged = (alarm: Pick<Alarm, 'state'>): boolean => alarm.state.endsWith('_unacknowledged')
export const isOpen = (alarm: Pick<Alarm, 'state'>): boolean => alarm.state !== 'normal'
/** Held back on purpose, by a person or by the service; counted, but never in the queue. */
export const isQuiet = (alarm: Pick<Alarm, 'shelved' | 'suppressed' | 'out_of_service'>): boolean =>
  alarm.shelved || alarm.suppressed || alarm.out_of_service
export const mayShelve = (alarm: Pick<Alarm, 'kind'>): boolean => !LATCHING.has(alarm.kind)
export const mayUndo = (alarm: Pick<Alarm, 'state' | 'acknowledged_at_ms'>, nowMs: number): boolean =>
  alarm.state === 'active_acknowledged'
  && alarm.acknowledged_at_ms !== null
  && nowMs - alarm.acknowledged_at_ms < UNDO_MS
