// Folds a sorted list: many alarms of one cause are one row that expands. Nothing is left out, and a
// folded row names every kind it holds, the pressing ones first.
import { type Alarm, isUnacknowledged } from './alarm'
import { compareFirst } from './order'

/** Why alarms are one: what another alarm explains, a site that is cut off, one fire, in a flood one
 *  kind that is not urgent, one person or device, or the same kind at the same site within a short time. */
export type Cause = 'parent' | 'outage' | 'fire' | 'flood' | 'person' | 'device' | 'same'

export interface Single {
  type: 'alarm'
  key: string
  alarm: Alarm
  inGroup: boolean
}

export interface Group {
  type: 'group'
  key: string
  cause: Cause
  /** What it is named after and opens: the first in the queue's order; of a fire the first detector, whoever took it on. */
  alarm: Alarm
  members: Alarm[]
  kinds: KindCount[]
  unacknowledged: Alarm[]
  /** When the first that nobody has taken on was raised. */
  oldestMs: number | null
  expanded: boolean
}

export type Row = Single | Group

export interface KindCount {
  kind: string
  count: number
  waiting: boolean
}

const MIN_GROUP = 2
/** From one to the next. Detectors of one fire go off minutes apart; a smouldering one takes longer. */
const FIRE_GAP_MS = 30 * 60_000
const SAME_GAP_MS = 15 * 60_000

// Sprinklers flow because it burns. Gas and carbon monoxide are causes of their own.
const OF_A_FIRE = new Set(['fire_confirmed', 'smoke', 'heat', 'manual_call', 'water_flow'])
const OF_AN_OUTAGE = new Set(['contact_lost', 'data_gap'])
/** Each of these is a person in need; two at one site are two. */
const PERSONAL = new Set(['sos', 'fall', 'fence_left', 'fence_entered'])

/** The place of an alarm in the group it is folded into; `whole`: the row that is chosen is the group itself. */
export interface InGroup { at: number, n: number, waiting: number, whole: boolean }

export function inGroup(rows: readonly Row[], alarmId: string, chosen: Row | undefined): InGroup | null {
  for (const row of rows) {
    if (row.type !== 'group') continue
    const at = row.members.findIndex(one => one.alarm_id === alarmId)
    if (at < 0) continue
    return { at: at + 1, n: row.members.length, waiting: row.unacknowledged.length, whole: chosen?.key === row.key && row.alarm.alarm_id === alarmId }
  }
  return null
}

/** Whether both are about the same person, or where nobody is known, the same device. */
export function isOfSame(a: Alarm, b: Alarm): boolean {
  if (a.alarm_id === b.alarm_id) return false
  return a.resident_id === null ? a.device_id !== null && a.device_id === b.device_id : a.resident_id === b.resident_id
}

/** The alarm that explains this one, if the service named it. */
export function parentIdOf(alarm: Alarm): string | null {
  const id = alarm.because.parent_alarm_id
  return typeof id === 'string' ? id : null
}

/** The open alarm that explains each: named by the service, or the outage of its site. */
export function parentsOf(all: readonly Alarm[]): Map<string, Alarm> {
  const outages = new Map<string, Alarm>()
  const named = new Map<string, string>()
  for (const alarm of all) {
    if (alarm.kind === 'site_contact_lost' && alarm.site_id) outages.set(alarm.site_id, alarm)
    const id = parentIdOf(alarm)
    if (id) named.set(alarm.alarm_id, id)
  }
  if (!outages.size && !named.size) return new Map()
  const byId = named.size ? new Map(all.map(alarm => [alarm.alarm_id, alarm])) : null
  const found = new Map<string, Alarm>()
  for (const alarm of all) {
    const id = named.get(alarm.alarm_id)
    const parent = (id && byId!.get(id)) || (OF_AN_OUTAGE.has(alarm.kind) && alarm.site_id && outages.get(alarm.site_id))
    if (parent && parent !== alarm) found.set(alarm.alarm_id, parent)
  }
  return found
}

type Pool = Map<string, Alarm[]>

function put(pool: Pool, key: string, alarm: Alarm): void {
  const members = pool.get(key)
  if (members) members.push(alarm)
  else pool.set(key, [alarm])
}

/** Cuts alarms into runs in which each follows the one before it within the gap, keyed by the first. */
function runs(members: readonly Alarm[], gapMs: number): [string, Alarm[]][] {
  const byTime = [...members].sort((a, b) => a.raised_at_ms - b.raised_at_ms || a.seq - b.seq)
  const found: [string, Alarm[]][] = []
  let lastMs = -Infinity
  for (const alarm of byTime) {
    if (alarm.raised_at_ms - lastMs > gapMs) found.push([alarm.alarm_id, []])
    found.at(-1)![1].push(alarm)
    lastMs = alarm.raised_at_ms
  }
  return found
}

const sameOf = (alarm: Alarm): string | null =>
  PERSONAL.has(alarm.kind) || alarm.site_id === null ? null : `${alarm.site_id}/${alarm.kind}`

/** Which group each alarm belongs to; an alarm that stands alone has none. */
class Claims {
  readonly groupOf = new Map<string, { key: string, cause: Cause }>()

  constructor(private readonly sorted: readonly Alarm[]) {}

  /** Groups what `keyOf` puts together and nobody has claimed yet. */
  claim(cause: Cause, keyOf: (alarm: Alarm) => string | null, gapMs = Infinity): void {
    const pool: Pool = new Map()
    for (const alarm of this.sorted) {
      if (this.groupOf.has(alarm.alarm_id)) continue
      const key = keyOf(alarm)
      if (key !== null) put(pool, key, alarm)
    }
    for (const [key, members] of pool) {
      if (members.length < MIN_GROUP) continue
      for (const [first, run] of gapMs === Infinity ? [['', members] as [string, Alarm[]]] : runs(members, gapMs)) {
        if (run.length >= MIN_GROUP) this.take(cause, first ? `${key}/${first}` : key, run)
      }
    }
  }

  take(cause: Cause, key: string, members: readonly Alarm[]): void {
    for (const alarm of members) this.groupOf.set(alarm.alarm_id, { key, cause })
  }
}

/** The kinds that wait first, unless the order is to stay. */
export function countKinds(members: readonly Alarm[], steady = false): KindCount[] {
  const found = new Map<string, KindCount>()
  for (const alarm of members) {
    const one = found.get(alarm.kind)
    if (one) {
      one.count++
      one.waiting ||= isUnacknowledged(alarm)
    } else found.set(alarm.kind, { kind: alarm.kind, count: 1, waiting: isUnacknowledged(alarm) })
  }
  return steady ? [...found.values()] : [...found.values()].sort((a, b) => Number(b.waiting) - Number(a.waiting))
}

function group(key: string, cause: Cause, listed: Alarm[], expanded: boolean): Group {
  // A fire keeps its name and its order while one detector after the other is added and taken on.
  const members = cause === 'fire' ? [...listed].sort(compareFirst) : listed
  const unacknowledged = members.filter(isUnacknowledged)
  const oldestMs = unacknowledged.length ? Math.min(...unacknowledged.map(alarm => alarm.raised_at_ms)) : null
  return { type: 'group', key, cause, alarm: members[0]!, members, kinds: countKinds(members, cause === 'fire'), unacknowledged, oldestMs, expanded }
}

/**
 * The rows of a sorted list. `all` are all open alarms: what an alarm of the list explains is shown
 * with it, even where it is counted in another list. In a flood what is not urgent is one row a kind.
 */
export function fold(sorted: readonly Alarm[], expanded: ReadonlySet<string>, all: readonly Alarm[] = sorted, isFlood = false): Row[] {
  const parents = parentsOf(all)
  const claims = new Claims(sorted)
  const listed = new Set(sorted.map(alarm => alarm.alarm_id))
  const attached: Pool = new Map()
  if (parents.size) {
    for (const alarm of all) {
      const parent = parents.get(alarm.alarm_id)
      if (parent && !alarm.shelved && listed.has(parent.alarm_id)) put(attached, parent.alarm_id, alarm)
    }
    for (const alarm of sorted) {
      const members = attached.get(alarm.alarm_id)
      if (members && !parents.has(alarm.alarm_id)) {
        claims.take(alarm.kind === 'site_contact_lost' ? 'outage' : 'parent', `parent/${alarm.alarm_id}`, [alarm, ...members])
      }
    }
    claims.claim('parent', alarm => {
      const parent = parents.get(alarm.alarm_id)
      return parent ? `under/${parent.alarm_id}` : null
    })
  }
  claims.claim('fire', alarm => (OF_A_FIRE.has(alarm.kind) && alarm.site_id !== null ? `fire/${alarm.site_id}` : null), FIRE_GAP_MS)
  if (isFlood) claims.claim('flood', alarm => (alarm.priority === 'urgent' ? null : `flood/${alarm.kind}`))
  claims.claim('person', alarm => (alarm.resident_id === null ? null : `person/${alarm.resident_id}`))
  claims.claim('device', alarm => (alarm.device_id === null ? null : `device/${alarm.device_id}`))
  claims.claim('same', sameOf, SAME_GAP_MS)

  const membersOf: Pool = new Map()
  for (const alarm of sorted) {
    const claim = claims.groupOf.get(alarm.alarm_id)
    if (claim) put(membersOf, claim.key, alarm)
  }
  for (const [parentId, members] of attached) {
    for (const alarm of members) {
      const key = claims.groupOf.get(parentId)?.key
      if (key && !listed.has(alarm.alarm_id)) put(membersOf, key, alarm)
    }
  }
  const rows: Row[] = []
  const told = new Set<string>()
  const single = (alarm: Alarm, inGroup: boolean): void => void rows.push({ type: 'alarm', key: alarm.alarm_id, alarm, inGroup })
  for (const alarm of sorted) {
    const claim = claims.groupOf.get(alarm.alarm_id)
    if (!claim) single(alarm, false)
    else if (!told.has(claim.key)) {
      told.add(claim.key)
      const members = membersOf.get(claim.key)!
      const open = expanded.has(claim.key)
      const row = group(claim.key, claim.cause, members, open)
      rows.push(row)
      if (open) for (const member of row.members) single(member, true)
    }
  }
  return rows
}
