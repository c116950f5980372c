// The checklist of a kind, read from a Markdown page a language. A ticked step is a comment that begins
// with the step's mark, so that the timeline says who did it and when, and every console sees it ticked.
// A tick that was taken back stays in the record: another comment says so, with the mark of an untick.
export interface Step {
  id: string
  text: string
  /** What to mind while at it; shown for the step one is at. */
  hint: string
}

export interface Procedure {
  title: string
  aim: string
  steps: Step[]
}

const PAGES = import.meta.glob<string>('../sop/*/*.md', { query: '?raw', import: 'default', eager: true })

const PAGE_OF_KIND: Record<string, string> = {
  fire_confirmed: 'fire', smoke: 'fire', heat: 'fire', manual_call: 'fire', co: 'co_gas', gas: 'co_gas',
  data_gap: 'contact_lost',
}
const LAST_RESORT = 'fault'
const MARK = /^\[sop:([a-z0-9_]+)\]\s*/
const UNTICK = /^\[sop:-([a-z0-9_]+)\]\s*/
export const UNTICK_MS = 60_000
const STEP = /^- \[ \] ([a-z0-9_]+): (.+)$/

/** A title, a line of aim, and tasks `- [ ] id: text`, each with indented lines of hint. */
export function parseProcedure(markdown: string): Procedure {
  const found: Procedure = { title: '', aim: '', steps: [] }
  for (const line of markdown.split('\n')) {
    const step = STEP.exec(line)
    if (step) found.steps.push({ id: step[1]!, text: step[2]!, hint: '' })
    else if (line.startsWith('# ')) found.title = line.slice(2)
    else if (line.startsWith('  ') && found.steps.length) found.steps.at(-1)!.hint += line.trim()
    else if (line.trim() && !found.steps.length) found.aim += line.trim()
  }
  return found
}

const read = new Map<string, Procedure>()

/** What to do about an alarm of this kind; a kind without a page of its own has that of a device fault. */
export function procedureOf(kind: string, language: string): Procedure {
  const named = `../sop/${language}/${PAGE_OF_KIND[kind] ?? kind}.md`
  const path = named in PAGES ? named : `../sop/${language}/${LAST_RESORT}.md`
  let procedure = read.get(path)
  if (!procedure) read.set(path, (procedure = parseProcedure(PAGES[path]!)))
  return procedure
}

export const tickText = (step: string, words: string): string => `[sop:${step}] ${words}`

/** The step a comment ticked, null for any other comment. */
export const tickedStep = (text: string | null): string | null => MARK.exec(text ?? '')?.[1] ?? null

export const untickText = (step: string, words: string): string => `[sop:-${step}] ${words}`

/** The step whose tick a comment took back. */
export const untickedStep = (text: string | null): string | null => UNTICK.exec(text ?? '')?.[1] ?? null

export interface Tick { by: string, atMs: number }

/** The steps that are ticked, with who did each and when: a timeline in its order, the last word counts. */
export function ticksOf(timeline: readonly Record<string, unknown>[]): Map<string, Tick> {
  const found = new Map<string, Tick>()
  for (const entry of timeline) {
    const text = entry.text as string | null
    const step = tickedStep(text)
    if (step && !found.has(step)) found.set(step, { by: String(entry.operator), atMs: Number(entry.at_ms) })
    const back = untickedStep(text)
    if (back) found.delete(back)
  }
  return found
}

export const withoutMark = (text: string): string => text.replace(MARK, '').replace(UNTICK, '')
