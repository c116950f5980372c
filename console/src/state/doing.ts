// Runs an operator's actions for the page: what waits, what was refused, and who was faster.
import { ElMessage } from 'element-plus'
import { reactive } from 'vue'
import { ApiError, get } from '../api'
import { timeOfDay } from '../format'
import { t } from '../i18n'
import { type Alarm, type AlarmWithTimeline, isUnacknowledged } from '../logic/alarm'
import { actedSince, entryWithText, isHarmlessSince } from '../logic/timeline'
import { act, type More, type Verb } from './actions'

/** Alarms whose command the gateway has not answered. */
export const waiting = reactive(new Set<string>())
/** What the operator must read before he acts again, by alarm. */
export const conflicts = reactive(new Map<string, string>())

interface Running {
  verb: Verb
  result: Promise<Refusal>
}

const running = new Map<string, Running>()
/** Alarms as the last action from here left them: the page may be a moment behind its own hand. */
const mine = new Map<string, Alarm>()
const MAX_MINE = 200
const CONFLICTS = new Set([404, 409])
const TRIES = 4

/** Null: it was done. Else why not, in words, and whether because the alarm had changed. */
export type Refusal = { words: string, conflict: boolean } | null

/**
 * Does it and says what came of it. One action at a time on an alarm: what is asked while another runs
 * waits for it, and a key held down is one key.
 */
export function attempt(alarm: Alarm, verb: Verb, more: More = {}): Promise<Refusal> {
  const before = running.get(alarm.alarm_id)
  if (before?.verb === verb && verb !== 'comment') return before.result
  const now: Running = { verb, result: Promise.resolve(null) }
  now.result = (before?.result ?? Promise.resolve(null))
    .then(() => perform(alarm, verb, more))
    .finally(() => running.get(alarm.alarm_id) === now && running.delete(alarm.alarm_id))
  running.set(alarm.alarm_id, now)
  return now.result
}

function asIKnowIt(alarm: Alarm): Alarm {
  const left = mine.get(alarm.alarm_id)
  return left && left.seq > alarm.seq ? left : alarm
}

/**
 * A version that is out of date is not always a conflict. A comment takes nothing from anybody, and an
 * alarm that a device only raised again still waits to be acknowledged: both are asked anew with the
 * fresh version. Whatever a person did in between is shown first.
 */
async function perform(looked: Alarm, verb: Verb, more: More): Promise<Refusal> {
  const alarm = asIKnowIt(looked)
  if (verb === 'acknowledge' && !isUnacknowledged(alarm)) return null
  let seen = alarm
  for (let left = TRIES; ; left--) {
    const error = await ask(seen, verb, more)
    if (error === null) return null
    const now = CONFLICTS.has(error.status) ? await read(alarm.alarm_id) : null
    if (error.problem.code !== 'stale' || !now || left === 1 || !isHarmlessSince(alarm, now, verb)) {
      return { words: refusal(error, alarm, now), conflict: CONFLICTS.has(error.status) }
    }
    seen = now
  }
}

async function ask(alarm: Alarm, verb: Verb, more: More): Promise<ApiError | null> {
  try {
    const left = await act(alarm, verb, more, () => waiting.add(alarm.alarm_id))
    if (mine.size >= MAX_MINE) mine.clear()
    mine.set(alarm.alarm_id, left)
    return null
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  } finally {
    waiting.delete(alarm.alarm_id)
  }
}

/** The same for a button: a conflict goes to the alarm's drawer, any other refusal is told at once. */
export async function run(alarm: Alarm, verb: Verb, more: More = {}): Promise<boolean> {
  return (await tell(alarm, await attempt(alarm, verb, more))) === null
}

export function tell(alarm: Alarm, refused: Refusal): Refusal {
  conflicts.delete(alarm.alarm_id)
  if (refused?.conflict) conflicts.set(alarm.alarm_id, refused.words)
  else if (refused) ElMessage.error({ message: refused.words, duration: 8000, showClose: true })
  return refused
}

const read = (alarmId: string): Promise<AlarmWithTimeline | null> =>
  get<AlarmWithTimeline>(`/alarms/${encodeURIComponent(alarmId)}`).catch(() => null)

function refusal(error: ApiError, seen: Alarm, now: AlarmWithTimeline | null): string {
  if (error.status === 0) return t('action.offline')
  if (error.status === 504) return t('action.not_decided')
  if (!CONFLICTS.has(error.status)) return t('action.refused', { detail: error.problem.detail })
  const others = now ? actedSince(seen, now) : []
  if (!others.length) return t('conflict.changed')
  const said = others.map(entry => t('desk.conflict.entry', {
    name: String(entry.operator), time: timeOfDay(Number(entry.at_ms)), what: entryWithText(entry, t, timeOfDay),
  }))
  return t('conflict.faster', { what: said.join(t('list.comma')) })
}
