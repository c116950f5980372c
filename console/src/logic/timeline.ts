// What the entries of an alarm's timeline say, and whether they stand in the way of what somebody asks.
import type { Alarm, AlarmWithTimeline, Because } from './alarm'
import { isUnacknowledged } from './alarm'
import { tickedStep, untickedStep, withoutMark } from './sop'
import type { Translate } from './words'

export type Entry = AlarmWithTimeline['timeline'][number]
type Verb = 'acknowledge' | 'unacknowledge' | 'assign' | 'comment' | 'shelve' | 'unshelve' | 'close'

const EVENTS = new Set([
  'raise', 'reraise', 'clear', 'acknowledge', 'unacknowledge', 'assign', 'comment', 'shelve', 'unshelve', 'close', 'suppress', 'unsuppress',
])
const OUTCOMES = new Set(['real', 'false', 'test', 'other'])
/** What takes an alarm out of another's hands. */
const TAKES = new Set(['acknowledge', 'unacknowledge', 'shelve', 'unshelve', 'close', 'assign'])

const since = (seen: Pick<Alarm, 'seq'>, now: AlarmWithTimeline): Entry[] =>
  now.timeline.filter(entry => Number(entry.seq) > seen.seq)

/** What people did to the alarm since it was seen; the remarks only if there was nothing else. */
export function actedSince(seen: Pick<Alarm, 'seq'>, now: AlarmWithTimeline): Entry[] {
  const byPeople = since(seen, now).filter(entry => entry.operator)
  const taken = byPeople.filter(entry => TAKES.has(String(entry.event)))
  return taken.length ? taken : byPeople.slice(-1)
}

/** Whether what happened since leaves the sense of the verb as it was. */
export function isHarmlessSince(seen: Pick<Alarm, 'seq'>, now: AlarmWithTimeline, verb: Verb): boolean {
  if (verb === 'comment') return now.state !== 'normal'
  return verb === 'acknowledge' && isUnacknowledged(now) && since(seen, now).every(entry => !TAKES.has(String(entry.event)))
}

/** One entry, without who, when and its text: "结束：误报". */
export function entryInWords(entry: Entry, t: Translate, moment: (ms: number) => string): string {
  const event = String(entry.event)
  const because = (entry.because ?? {}) as Because
  if (tickedStep(entry.text as string | null)) return t('event.sop')
  if (untickedStep(entry.text as string | null)) return t('night.step.undone')
  if (because.rule === 'shelf_ended') return t('event.shelf_ended')
  if (!EVENTS.has(event)) return event.replaceAll('_', ' ')
  const outcome = String(because.outcome)
  return t(`event.${event}`, {
    n: entry.count,
    name: because.assignee,
    reason: because.reason,
    time: typeof because.until_ms === 'number' ? moment(because.until_ms) : '',
    outcome: OUTCOMES.has(outcome) ? t(`close.${outcome}`) : '',
  })
}

/** With its text: "结束：误报（老人误按）". */
export function entryWithText(entry: Entry, t: Translate, moment: (ms: number) => string): string {
  const said = entryInWords(entry, t, moment)
  return entry.text ? said + t('desk.conflict.quoted', { text: withoutMark(String(entry.text)) }) : said
}
