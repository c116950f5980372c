// Asks the API; every refusal becomes an ApiError with the problem the server told.
import type { Alarm } from './logic/alarm'

export interface Problem {
  status: number
  detail: string
  code?: string
  alarm?: Alarm
}

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail)
  }

  get status(): number {
    return this.problem.status
  }
}

const TIMEOUT_MS = 15_000
const OFFLINE: Problem = { status: 0, detail: '' }

export interface Answer<T> {
  status: number
  body: T
}

/** `signal`: for what takes longer than an operator's request may, or is called off. */
export async function ask<T>(
  method: string, path: string, body?: unknown, signal: AbortSignal = AbortSignal.timeout(TIMEOUT_MS),
): Promise<Answer<T>> {
  let answer: Response
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
  } catch {
    throw new ApiError(OFFLINE)
  }
  if (!answer.ok) {
    const told = (await answer.json().catch(() => ({}))) as Partial<Problem>
    throw new ApiError({ detail: answer.statusText, ...told, status: answer.status })
  }
  return { status: answer.status, body: (answer.status === 204 ? undefined : await answer.json()) as T }
}

export const get = async <T>(path: string): Promise<T> => (await ask<T>('GET', path)).body

export function withQuery(path: string, query: Record<string, string | number | null | undefined>): string {
  const set = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '')
  return set.length ? `${path}?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}` : path
}
