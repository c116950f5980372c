// Which of the service's figures of a day stand on the wall. It defines none of its own. Pure.
import type { components } from '../api-types'
import type { Priority } from './alarm'
import type { Figures } from './shift'

export interface Today {
  raised: Record<Priority, number>
  closed: number
  falseShare: number | null
  /** Of urgent and high alarms together, as on the shift's page. */
  answerP50Ms: number | null
  answeredIn60: number | null
  devices: number
  heard: number
}

export function todayOf(figures: Figures, summary: Pick<components['schemas']['Summary'], 'devices'>): Today {
  const answering = figures.answering.urgent_high!
  const sum = (of: (one: Figures['outcomes'][number]) => number): number => figures.outcomes.reduce((all, one) => all + of(one), 0)
  const closed = sum(one => one.real + one.false + one.test + one.other)
  const kinds = Object.values(summary.devices)
  const raised = (priority: Priority): number => figures.raised.by_priority[priority] ?? 0
  return {
    raised: { urgent: raised('urgent'), high: raised('high'), low: raised('low') },
    closed,
    falseShare: closed ? sum(one => one.false) / closed : null,
    answerP50Ms: answering.p50_ms,
    answeredIn60: answering.within_60_s.share,
    devices: kinds.reduce((all, one) => all + one.registered, 0),
    heard: kinds.reduce((all, one) => all + one.heard_in_last_hour, 0),
  }
}
