// Runs an operator's actions for the page: what waits, what was refused, and who was faster.
import { ElMessage } from 'element-plus'
import { reactive } from 'vue'
import { ApiError, get } from '../api'
import { timeOfDay } from '../format'
import { t } from '../i18n'
import type { Alarm, AlarmWithTimeline } from '../logic/alarm'
import { act, type More, type Verb } from './actions'

/** Alarms whose command the gateway has not answered. */
export const waiting = reactive(new Set<string>())
/** What the operator must read before he acts again, by alarm. */
export const conflicts = reactive(new Map<string, string>())

const busy = new Set<string>()
const CONFLICTS = new Set([404, 409])

/** Whether it was done. One action at a time on an alarm: a key held down is one key. */
export async function run(alarm: Alarm, verb: Verb, more: More = {}): Promise<boolean> {
  if (busy.has(alarm.alarm_id)) return false
  busy.add(alarm.alarm_id)
  conflicts.delete(alarm.alarm_id)
  try {
    await act(alarm, verb, more, () => waiting.add(alarm.alarm_id))
    return true
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (CONFLICTS.has(error.status)) conflicts.set(alarm.alarm_id, await whoWasFaster(alarm))
    else ElMessage.error({ message: refusal(error), duration: 6000, showClose: true })
    return false
  } finally {
    busy.delete(alarm.alarm_id)
    waiting.delete(alarm.alarm_id)
  }
}

function refusal(error: ApiError): string {
  if (error.status === 0) return t('action.offline')
  if (error.status === 504) return t('action.not_decided')
  return t('action.refused', { detail: error.problem.detail })
}

async function whoWasFaster(seen: Alarm): Promise<string> {
  const now = await get<AlarmWithTimeline>(`/alarms/${encodeURIComponent(seen.alarm_id)}`).catch(() => null)
  const by = now?.timeline.findLast(entry => Number(entry.seq) > seen.seq && entry.operator)
  if (!by) return t('conflict.changed')
  return t('conflict.faster', {
    name: String(by.operator),
    time: timeOfDay(Number(by.at_ms)),
    verb: t(`action.${String(by.event)}`),
  })
}
