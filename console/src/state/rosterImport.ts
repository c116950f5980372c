// Sends a file to be looked at, and then to be applied as it was looked at.
import { ApiError, type Problem, withQuery } from '../api'
import type { components } from '../api-types'
import { followUp } from './actions'

export type Preview = components['schemas']['Preview']
export type ImportRow = components['schemas']['ImportRow']
export type Counts = components['schemas']['Counts']
export type TableKind = 'sites' | 'residents' | 'devices' | 'fences'

// 50,000 rows take seconds, and a gateway that applies them some more.
const TIMEOUT_MS = 120_000

async function send<T>(path: string, file: File, query: Record<string, string | null>): Promise<{ status: number, body: T }> {
  const isJson = file.name.toLowerCase().endsWith('.json')
  let answer: Response
  try {
    answer = await fetch(`/api/v1${withQuery(path, { ...query, kind: isJson ? null : query.kind })}`, {
      method: 'POST',
      // Read anew each time: what was changed on disk since is refused by the browser, not half sent.
      body: await file.arrayBuffer(),
      headers: { 'content-type': isJson ? 'application/json' : 'application/octet-stream' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch {
    throw new ApiError({ status: 0, detail: '' })
  }
  const told = (await answer.json().catch(() => ({}))) as unknown
  if (!answer.ok) throw new ApiError({ detail: answer.statusText, ...(told as Partial<Problem>), status: answer.status })
  return { status: answer.status, body: told as T }
}

export const previewFile = async (file: File, kind: TableKind): Promise<Preview> =>
  (await send<Preview>('/roster/preview', file, { kind })).body

export async function importFile(file: File, kind: TableKind, fingerprint: string, skipErrors: boolean): Promise<void> {
  const query = { kind, fingerprint, skip_errors: skipErrors ? 'true' : null }
  const answer = await send<{ command_id?: string }>('/roster/import', file, query)
  if (answer.status === 202) await followUp(answer.body.command_id!)
}

export const templateUrl = (kind: TableKind, format: 'xlsx' | 'csv', language: string): string =>
  `/api/v1${withQuery('/roster/template', { kind, format, lang: language === 'en' ? 'en' : 'zh' })}`
