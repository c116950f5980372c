// The figures of the day for the wall, counted from the alarms themselves every few minutes.
import { onBeforeUnmount, onMounted, shallowRef } from 'vue'
import { get, withQuery } from '../api'
import type { components } from '../api-types'
import type { Alarm, Priority } from '../logic/alarm'
import { dayBounds, dayOf } from '../logic/track'

type Page = components['schemas']['AlarmPage']
type Summary = components['schemas']['Summary']

const EVERY_MS = 3 * 60_000
const PAGE = 1000
export const SOON_MS = 60_000

export interface Today {
  raised: Record<Priority, number>
  closed: number
  falseShare: number | null
  /** Of the urgent ones. */
  medianAckMs: number | null
  soonShare: number | null
  devices: number
  heard: number
}

const alarmsAfter = (after: number, limit: number): Promise<Page> => get<Page>(withQuery('/alarms', { state: 'all', limit, after_seq: after }))

/** The last sequence before a moment: alarms are told in the order of their last change. */
async function seqBefore(ms: number, lastSeq: number): Promise<number> {
  let [low, high] = [0, lastSeq]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [first] = (await alarmsAfter(middle, 1)).items
    if (first && first.committed_at_ms < ms) low = first.seq
    else high = middle
  }
  return low
}

async function raisedSince(ms: number, lastSeq: number): Promise<Alarm[]> {
  const found = new Map<string, Alarm>()
  let after: number | null = await seqBefore(ms, lastSeq)
  while (after !== null) {
    const page: Page = await alarmsAfter(after, PAGE)
    for (const alarm of page.items) if (alarm.raised_at_ms >= ms) found.set(alarm.alarm_id, alarm)
    after = page.next_after_seq
  }
  return [...found.values()]
}

export function figuresOf(alarms: readonly Alarm[], summary: Pick<Summary, 'devices'>): Today {
  const raised = { urgent: 0, high: 0, low: 0 }
  for (const alarm of alarms) raised[alarm.priority]++
  const told = alarms.filter(alarm => alarm.outcome !== null)
  const took = alarms.filter(alarm => alarm.priority === 'urgent' && alarm.acknowledged_at_ms !== null)
    .map(alarm => alarm.acknowledged_at_ms! - alarm.raised_at_ms).sort((a, b) => a - b)
  const kinds = Object.values(summary.devices)
  return {
    raised,
    closed: told.length,
    falseShare: told.length ? told.filter(alarm => alarm.outcome === 'false').length / told.length : null,
    medianAckMs: took[Math.floor((took.length - 1) / 2)] ?? null,
    soonShare: took.length ? took.filter(ms => ms <= SOON_MS).length / took.length : null,
    devices: kinds.reduce((sum, one) => sum + one.registered, 0),
    heard: kinds.reduce((sum, one) => sum + one.heard_in_last_hour, 0),
  }
}

/** While the caller is on the page; null until they are known. What cannot be read now stays as it was. */
export function useToday() {
  const today = shallowRef<Today | null>(null)
  async function learn(): Promise<void> {
    const summary = await get<Summary>('/summary')
    const [midnight] = dayBounds(dayOf(summary.at_ms))
    today.value = figuresOf(await raisedSince(midnight, summary.last_seq), summary)
  }
  let timer: ReturnType<typeof setInterval>
  onMounted(() => {
    const again = (): void => void learn().catch(() => undefined)
    again()
    timer = setInterval(again, EVERY_MS)
  })
  onBeforeUnmount(() => clearInterval(timer))
  return today
}
