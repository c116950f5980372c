// What an operator does to an alarm: one request, with the version he was looking at.
import { ApiError, ask, get } from '../api'
import type { components } from '../api-types'
import type { Alarm } from '../logic/alarm'
import { apply } from './alarms'

export type Verb = 'acknowledge' | 'unacknowledge' | 'assign' | 'comment' | 'shelve' | 'unshelve' | 'close'
export type Outcome = NonNullable<Alarm['outcome']>
type CommandState = components['schemas']['CommandState']

export interface More {
  text?: string
  assignee?: string
  until_ms?: number
  reason?: string
  outcome?: Outcome
}

const ASK_EVERY_MS = 1_000
const PATIENCE_MS = 60_000

/**
 * Do it. `onPending` is called when the gateway has not decided within two seconds; the answer is then
 * followed up for a minute. A refusal is an ApiError; with it comes the alarm as it is now.
 */
export async function act(alarm: Alarm, verb: Verb, more: More, onPending: () => void): Promise<Alarm> {
  const path = `/alarms/${encodeURIComponent(alarm.alarm_id)}`
  try {
    const answer = await ask<Alarm & { command_id?: string }>('POST', `${path}/${verb}`, {
      version: alarm.version,
      ...more,
    })
    if (answer.status !== 202) {
      apply(answer.body)
      return answer.body
    }
    onPending()
    await followUp(answer.body.command_id!)
    const fresh = await get<Alarm>(path)
    apply(fresh)
    return fresh
  } catch (error) {
    if (error instanceof ApiError && error.problem.alarm) apply(error.problem.alarm)
    throw error
  }
}

/** Until the gateway has decided a command, a minute at most. */
export async function followUp(commandId: string): Promise<void> {
  const untilMs = Date.now() + PATIENCE_MS
  while (Date.now() < untilMs) {
    await new Promise(resolve => setTimeout(resolve, ASK_EVERY_MS))
    const state = await get<CommandState>(`/commands/${commandId}`).catch(() => null)
    if (!state?.code) continue
    if (state.code === 'done') return
    throw new ApiError({ status: state.code === 'invalid' ? 422 : 409, code: state.code, detail: state.detail })
  }
  throw new ApiError({ status: 504, detail: '' })
}
