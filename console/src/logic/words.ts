// Says in words why an alarm was raised. A rule or a member nobody has words for is told by its name.
import type { Because } from './alarm'

export type Translate = (key: string, named?: Record<string, unknown>) => string

const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])

const SOURCES = new Set(['gnss', 'wifi', 'cell', 'ble'])
const FIELDS = new Set(['smoke', 'temp', 'co', 'gas', 'press', 'current', 'bat'])

export function duration(ms: number, t: Translate): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 90) return t('time.seconds', { n: seconds })
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return t('time.minutes', { n: minutes })
  const hours = Math.round(minutes / 6) / 10
  return hours < 48 ? t('time.hours', { n: hours }) : t('time.days', { n: Math.round(hours / 24) })
}

/** Metres as a person would say them. */
export function metres(value: number, t: Translate): string {
  return value < 1000 ? t('unit.m', { n: Math.round(value) }) : t('unit.km', { n: Math.round(value / 100) / 10 })
}

/** Never a certainty: 99.9 % at most. */
const percent = (p: number): string => `${Math.min(99.9, Math.floor(p * 1000) / 10)}%`

const WANDERS = new Set(['night', 'pacing', 'lapping', 'closing', 'unusual'])

/** How somebody walks who crossed a fence; a part nobody has words for is left out. */
function wander(because: Because, t: Translate): string[] {
  const found = because.wander as { parts?: unknown } | null | undefined
  return list(found?.parts).filter(part => WANDERS.has(part)).map(part => t(`because.wander_${part}`))
}

/** "Satellite fix" begins a line with a capital; in the middle of one it has none, but "WiFi" keeps its own. */
const inSentence = (words: string): string => words.replace(/^[A-Z](?=[a-z]+\b)/, letter => letter.toLowerCase())

/** Of somebody whose outing goes on, or is over: what an operator must read first. */
function outing(because: Because, t: Translate, nowMs: number): string[] {
  const ended = number(because.outing_ended_at_ms)
  if (ended !== null) return [t('outing.because.overdue', { d: duration(nowMs - ended, t) })]
  if (typeof because.outing_id !== 'string') return []
  return [t(because.in_force === undefined ? 'outing.because.left' : 'outing.because.over')]
}

function fence(because: Because, t: Translate): string[] {
  if (because.edited === true) return [t('because.fence_edited')]
  const margin = number(because.margin_m)
  if (margin === null) return [t(because.in_force === false ? 'because.fence_not_in_force' : 'because.fence')]
  const accuracy = number(because.acc_m)
  // The distance first: it decides, and a narrow row shows the beginning only.
  const said = [
    t(margin < 0 ? 'because.outside' : 'because.inside', { d: metres(Math.abs(margin), t) }),
    inSentence(t(`source.${SOURCES.has(String(because.src)) ? String(because.src) : 'unknown'}`)),
    accuracy === null ? t('because.accuracy_unknown') : t('because.accuracy', { d: metres(accuracy, t) }),
  ]
  const witnesses = number(because.witnesses)
  if (witnesses) said.push(t('because.witnesses', { n: witnesses }))
  const held = number(because.for_ms)
  if (held) said.push(t('because.for', { d: duration(held, t) }))
  const silent = number(because.silent_ms)
  if (silent) said.push(t('because.quiet_since', { d: duration(silent, t) }))
  const speed = number(because.speed_mps)
  if (speed) said.push(t('because.walking', { n: speed }))
  said.push(...wander(because, t))
  for (const side of ['p_outside', 'p_inside']) {
    const p = number(because[side])
    if (p !== null) said.push(t(`because.${side}`, { p: percent(p) }))
  }
  if (because.in_force === false) said.push(t('because.fence_not_in_force'))
  return said
}

function limit(because: Because, t: Translate): string[] {
  const field = String(because.field)
  const value = number(because.value)
  const bound = number(because.limit)
  const isKnown = FIELDS.has(field)
  const unit = isKnown ? t(`field.${field}.unit`) : ''
  const name = isKnown ? t(`field.${field}.name`) : field
  const said = [t('because.value', { name, n: value === null ? '?' : Math.round(value * 100) / 100, unit }).trim()]
  if (bound !== null && value !== null) {
    said.push(t(value > bound ? 'because.above' : 'because.below', { n: bound, unit }).trim())
  }
  const delay = number(because.on_delay_s)
  if (delay) said.push(t('because.held', { d: duration(delay * 1000, t) }))
  return said
}

function contact(because: Because, t: Translate, nowMs: number): string[] {
  const silent = number(because.silent_ms)
  if (silent !== null) return [t('because.heard_again', { d: duration(silent, t) })]
  const last = number(because.last_contact_ms)
  const every = number(because.every_ms)
  const said = last === null ? [t('because.silent')] : [t('because.silent_for', { d: duration(nowMs - last, t) })]
  if (every !== null) said.push(t('because.every', { d: duration(every, t) }))
  return said
}

function device(because: Because, t: Translate): string[] {
  const kinds = list(because.kinds).map(kind => t(`kind.${kind}`)).join(t('list.and'))
  const said = [t(because.on === false ? 'because.device_over' : 'because.device', { kinds })]
  if (because.late === true) said.push(t('because.late'))
  return said
}

/** Of the outage itself; an alarm that it explains says only whose part it is. */
function outage(because: Because, t: Translate): string[] {
  const silent = number(because.silent)
  return silent === null ? [] : [t('because.outage', { n: silent, of: number(because.devices) ?? 0 })]
}

function worn(because: Because, t: Translate): string[] {
  const delay = number(because.on_delay_s)
  const said = [t(because.worn === true ? 'because.worn' : 'because.not_worn')]
  if (delay && because.worn !== true) said.push(t('because.held', { d: duration(delay * 1000, t) }))
  return said
}

const NEAR = new Set(['exit', 'forbidden', 'doubt'])

function positionLost(because: Because, t: Translate): string[] {
  if (typeof because.found === 'boolean') return [t(because.found ? 'because.position_found' : 'because.position_moot')]
  const age = number(because.fix_age_ms)
  const margin = number(because.margin_m)
  const accuracy = number(because.acc_m)
  const said = [age === null ? t('because.position_lost') : t('because.position_lost_for', { d: duration(age, t) })]
  if (NEAR.has(String(because.near))) said.push(t(`because.last_near_${String(because.near)}`))
  if (margin !== null) said.push(t(margin < 0 ? 'because.outside' : 'because.inside', { d: metres(Math.abs(margin), t) }))
  if (accuracy !== null) said.push(t('because.accuracy', { d: metres(accuracy, t) }))
  return said
}

function dataGap(because: Because, t: Translate): string[] {
  const missing = number(because.missing)
  if (typeof because.filled === 'boolean') return [t(because.filled ? 'because.gap_filled' : 'because.gap_forgotten')]
  return [missing === null ? t('because.gap') : t('because.gap_of', { n: missing })]
}

/** A member by the unit its name ends with. */
function member(name: string, value: unknown, t: Translate): string {
  const n = number(value)
  if (n !== null && name.endsWith('_s')) return `${name.slice(0, -2)} ${duration(n * 1000, t)}`
  if (n !== null && name.endsWith('_m')) return `${name.slice(0, -2)} ${metres(n, t)}`
  // A moment is far beyond any time span; it is said by the timeline, not here.
  if (n !== null && name.endsWith('_ms')) return n > 1e12 ? '' : `${name.slice(0, -3)} ${duration(n, t)}`
  if (typeof value === 'boolean') return value ? name : ''
  if (Array.isArray(value)) return `${name} ${value.map(String).join(t('list.and'))}`
  if (value === null || typeof value === 'object') return ''
  return `${name} ${n === null ? String(value) : Math.round(n * 100) / 100}`
}

function strange(because: Because, t: Translate): string[] {
  const { rule, parent_alarm_id: _, ...rest } = because
  const said = typeof rule === 'string' ? [t('desk.because.rule', { rule: rule.replaceAll('_', ' ') })] : []
  for (const [name, value] of Object.entries(rest)) said.push(member(name, value, t).replaceAll('_', ' '))
  return said.filter(Boolean)
}

function parts(because: Because, t: Translate, nowMs: number): string[] {
  switch (because.rule) {
    case 'device': return device(because, t)
    case 'fence': return [...outing(because, t, nowMs), ...fence(because, t)]
    case 'limit': return limit(because, t)
    case 'contact': return contact(because, t, nowMs)
    case 'worn': return worn(because, t)
    case 'faults': {
      const faults = list(because.faults)
      return [faults.length ? t('because.faults', { list: faults.join(t('list.and')) }) : t('because.no_faults')]
    }
    case 'outage': return outage(because, t)
    case 'position_lost': return positionLost(because, t)
    case 'data_gap': return dataGap(because, t)
    case 'chatter_over': return [t('because.chatter_over', { n: number(because.raises) ?? 0 })]
    case 'readable_again':
    case 'shelf_ended':
    case 'removed_from_roster': return [t(`because.${because.rule}`)]
    default: return strange(because, t)
  }
}

export function becauseInWords(because: Because, t: Translate, nowMs: number): string {
  const said = parts(because, t, nowMs)
  if (typeof because.parent_alarm_id === 'string') said.push(t('desk.because.parent', { id: because.parent_alarm_id }))
  return said.length ? said.join(t('list.comma')) : t('desk.because.none')
}
