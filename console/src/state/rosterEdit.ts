// Writes the roster: one request a change, followed up when the gateway needs longer, and the book brought up to date.
import { ApiError, ask, get } from '../api'
import type { components } from '../api-types'
import { t } from '../i18n'
import { errorsByField } from '../logic/rosterErrors'
import { ID_OF, type Item, type Kind } from '../logic/rosterFields'
import { followUp } from './actions'
import { devices, fences, residents, sites } from './roster'

export type Book = Kind | 'fences'
type Swapped = components['schemas']['Swapped']
type Problem = ApiError['problem'] & {
  errors?: Parameters<typeof errorsByField>[0]
  named_by?: Record<string, number>
  worn_by?: string | null
}

const books = { sites, residents, devices, fences }

/** Why something was not done: what to say of it as a whole, and of each field. */
export class Refusal extends Error {
  constructor(readonly words: string, readonly fields: Record<string, string> = {}, readonly code = '') {
    super(words)
  }
}

const pathOf = (book: Book, id: string): string => `/${book}/${encodeURIComponent(id)}`

export async function asked<T>(method: string, path: string, body?: unknown): Promise<T | null> {
  try {
    const answer = await ask<T & { command_id?: string }>(method, path, body)
    if (answer.status !== 202) return answer.body
    await followUp(answer.body.command_id!)
    return null
  } catch (error) {
    if (error instanceof ApiError) throw refusalOf(error)
    throw error
  }
}

function refusalOf(error: ApiError): Refusal {
  const problem = error.problem as Problem
  if (error.status === 0) return new Refusal(t('action.offline'))
  if (error.status === 504) return new Refusal(t('register.not_decided'))
  if (problem.named_by) return new Refusal(t('register.still_named', { by: counted(problem.named_by) }))
  const code = problem.code ?? ''
  const named = { who: residents.items.get(problem.worn_by ?? '')?.name ?? problem.worn_by ?? '' }
  if (['worn_by_another', 'not_worn_by_them', 'alarm_from_before'].includes(code)) return new Refusal(t(`register.swap.${code}`, named), {}, code)
  if (problem.errors) return new Refusal(t('register.look_at_fields'), errorsByField(problem.errors, t), code)
  return new Refusal(t('action.refused', { detail: problem.detail }), {}, code)
}

const counted = (by: Record<string, number>): string =>
  Object.entries(by).filter(([, n]) => n).map(([name, n]) => t(`register.of.${name}`, { n })).join(t('list.and'))

async function keep(book: Book, id: string, item: object | null): Promise<void> {
  if (item) (books[book].items as Map<string, unknown>).set(id, item)
  else await books[book].refresh(id)
}

export async function create(kind: Kind, item: Item): Promise<string> {
  const id = String(item[ID_OF[kind]] ?? '')
  if (books[kind].items.has(id) && (kind !== 'devices' || devices.items.get(id)?.registered)) {
    throw new Refusal(t('register.look_at_fields'), { [ID_OF[kind]]: t('register.error.taken') })
  }
  const said = Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null))
  await keep(kind, id, await asked<object>('POST', `/${kind}`, said))
  return id
}

export const change = async (kind: Kind, id: string, changes: Item): Promise<void> =>
  keep(kind, id, await asked<object>('PATCH', pathOf(kind, id), changes))

/** As the service has it now; null: it is gone. */
export async function readNow(kind: Kind, id: string): Promise<object | null> {
  try {
    return await get<object>(pathOf(kind, id))
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null
    throw error instanceof ApiError ? refusalOf(error) : error
  }
}

export async function remove(book: Book, id: string): Promise<void> {
  await asked('DELETE', pathOf(book, id))
  books[book].items.delete(id)
}

/** Put a band on a person, in place of another or as the first; the ids of the old one's alarms that are still open. */
export async function swapBand(residentId: string, oldId: string | null, newId: string): Promise<string[]> {
  const body = { old_device_id: oldId, new_device_id: newId }
  const told = await asked<Swapped>('POST', `/residents/${encodeURIComponent(residentId)}/swap_band`, body)
  await Promise.all([oldId === null ? null : keep('devices', oldId, told?.old_device ?? null), keep('devices', newId, told?.new_device ?? null)])
  return told?.open_alarms ?? []
}
