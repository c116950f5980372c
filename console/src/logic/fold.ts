// Folds a sorted queue: many alarms of one kind at one site are one cause, so one row that expands.
import { type Alarm, isUnacknowledged } from './alarm'

export interface Single {
  type: 'alarm'
  key: string
  alarm: Alarm
  inGroup: boolean
}

export interface Group {
  type: 'group'
  key: string
  /** The first in the queue's order: the group stands at its place. */
  alarm: Alarm
  count: number
  unacknowledged: number
  expanded: boolean
}

export type Row = Single | Group

const MIN_GROUP = 2

/** The cause an alarm is folded under; null: it stands alone. Urgent alarms always do: each is a person. */
export function causeOf(alarm: Alarm): string | null {
  if (alarm.priority === 'urgent' || alarm.site_id === null) return null
  return `${alarm.site_id}/${alarm.kind}`
}

export function fold(sorted: readonly Alarm[], expanded: ReadonlySet<string>): Row[] {
  const byCause = new Map<string, Alarm[]>()
  for (const alarm of sorted) {
    const cause = causeOf(alarm)
    if (cause === null) continue
    const members = byCause.get(cause)
    if (members) members.push(alarm)
    else byCause.set(cause, [alarm])
  }
  const rows: Row[] = []
  const single = (alarm: Alarm, inGroup: boolean): void => {
    rows.push({ type: 'alarm', key: alarm.alarm_id, alarm, inGroup })
  }
  for (const alarm of sorted) {
    const cause = causeOf(alarm)
    const members = cause === null ? undefined : byCause.get(cause)
    if (cause === null || !members || members.length < MIN_GROUP) {
      single(alarm, false)
    } else if (members[0] === alarm) {
      const open = expanded.has(cause)
      rows.push({
        type: 'group',
        key: cause,
        alarm,
        count: members.length,
        unacknowledged: members.filter(isUnacknowledged).length,
        expanded: open,
      })
      if (open) for (const member of members) single(member, true)
    }
  }
  return rows
}
