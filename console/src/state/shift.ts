// What a period comes to, read anew when it changes, and every minute while it lasts.
import { onBeforeUnmount, ref, shallowRef, watch, type Ref } from 'vue'
import { ApiError, ask, get, withQuery } from '../api'
import type { components } from '../api-types'
import { type Figures, HANDOVER_MS, type Note, type Reported, type Span } from '../logic/shift'

type Schemas = components['schemas']
const FRESH_MS = 60_000
const PAGE = 1000
/** A sheet of paper holds no more; the rest is in the export. */
export const MAX_LISTED = 3000

/** Read something of the period; the newest question wins. */
function reading<T>(span: Ref<Span>, county: Ref<string>, read: (span: Span, county: string) => Promise<T>) {
  const value = shallowRef<T | null>(null)
  const problem = ref('')
  const busy = ref(false)
  let turn = 0

  async function load(): Promise<void> {
    const mine = ++turn
    busy.value = true
    try {
      const found = await read(span.value, county.value)
      if (mine !== turn) return
      value.value = found
      problem.value = ''
    } catch (error) {
      if (mine !== turn) return
      problem.value = error instanceof ApiError ? error.problem.detail || ' ' : String(error)
    } finally {
      if (mine === turn) busy.value = false
    }
  }
  watch([span, county], () => {
    value.value = null
    void load()
  }, { immediate: true })
  const timer = setInterval(() => {
    if (span.value.toMs > Date.now() && document.visibilityState === 'visible') void load()
  }, FRESH_MS)
  onBeforeUnmount(() => {
    turn++
    clearInterval(timer)
  })
  return { value, problem, busy, load }
}

const bounds = (span: Span): { from_ms: number, to_ms: number } => ({ from_ms: span.fromMs, to_ms: span.toMs })

export const useFigures = (span: Ref<Span>, county: Ref<string>) => reading(span, county, async (of, where) =>
  get<Figures>(withQuery('/figures', { ...bounds(of), county: where })))

export interface Listed { alarms: Reported[], more: boolean }

export const useReport = (span: Ref<Span>, county: Ref<string>) => reading<Listed>(span, county, async (of, where) => {
  const alarms: Reported[] = []
  let after: number | null = 0
  while (after !== null && alarms.length < MAX_LISTED) {
    const page: Schemas['ReportPage'] = await get<Schemas['ReportPage']>(
      withQuery('/reports/alarms', { ...bounds(of), county: where, after_seq: after, limit: PAGE }))
    alarms.push(...page.items)
    after = page.next_after_seq
  }
  return { alarms, more: after !== null }
})

export const useNotes = (span: Ref<Span>) => reading(span, ref(''), async of =>
  (await get<Schemas['NotePage']>(withQuery('/shift/notes', bounds({ ...of, toMs: of.toMs + HANDOVER_MS })))).items)

export const addNote = async (text: string): Promise<Note> => (await ask<Note>('POST', '/shift/notes', { text })).body

const FILE_TIMEOUT_MS = 180_000

/** Fetch a file and hand it to the browser; a refusal is an ApiError with the reason. */
export async function download(span: Span, county: string, format: 'csv' | 'xlsx', lang: 'zh' | 'en'): Promise<void> {
  const path = `/api/v1${withQuery('/reports/alarms', { ...bounds(span), county, format, lang })}`
  const answer = await fetch(path, { signal: AbortSignal.timeout(FILE_TIMEOUT_MS) })
    .catch(() => { throw new ApiError({ status: 0, detail: '' }) })
  if (!answer.ok) throw new ApiError({ detail: answer.statusText, ...await answer.json().catch(() => ({})), status: answer.status })
  const name = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1] ?? `alarms.${format}`
  const url = URL.createObjectURL(await answer.blob())
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
