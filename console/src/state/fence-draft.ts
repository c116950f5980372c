// A fence being edited: what it was, what it is, and the way back. Nothing here is on the server yet.
import { computed, shallowRef } from 'vue'
import { ApiError, ask, get } from '../api'
import { proposedId } from '../logic/fence-id'
import { EMPTY, fromGeometry, type Shape, toGeometry } from '../logic/fence-shape'
import type { Window } from '../logic/fence-hours'
import { begin, change as changed, redo as redone, undo as undone } from '../logic/history'
import { followUp } from './actions'
import { type Fence, fences } from './roster'
import { latinOf } from './search'

export interface Draft {
  fence_id: string
  name: string
  role: 'safe' | 'forbidden'
  site_id: string | null
  shape: Shape
  hours: { tz: string, weekly: Window[] } | null
  evidence: NonNullable<Fence['evidence']>
}

export const CITY_TZ = 'Asia/Shanghai'

export const freeId = (siteId: string | null, name: string): string => proposedId(siteId, name, latinOf, id => fences.items.has(id))

export function newDraft(siteId: string | null): Draft {
  return { fence_id: freeId(siteId, ''), name: '', role: 'safe', site_id: siteId, shape: EMPTY, hours: null, evidence: {} }
}

export function draftOf(fence: Fence): Draft {
  const hours = fence.schedule
    ? {
        tz: fence.schedule.tz ?? CITY_TZ,
        weekly: fence.schedule.weekly.map(one => ({ days: one.days ?? [1, 2, 3, 4, 5, 6, 7], from: one.from, to: one.to })),
      }
    : null
  return {
    fence_id: fence.fence_id, name: fence.name ?? '', role: fence.role, site_id: fence.site_id ?? null,
    shape: fromGeometry(fence.geometry), hours, evidence: { ...fence.evidence },
  }
}

/** The fence as the server takes it. */
export function fenceOf(draft: Draft): Fence {
  return {
    fence_id: draft.fence_id.trim(),
    ...(draft.name.trim() ? { name: draft.name.trim() } : {}),
    role: draft.role,
    ...(draft.site_id ? { site_id: draft.site_id } : {}),
    geometry: toGeometry(draft.shape),
    ...(draft.hours ? { schedule: { tz: draft.hours.tz, weekly: draft.hours.weekly } } : {}),
    ...(Object.values(draft.evidence).some(value => value != null) ? { evidence: draft.evidence } : {}),
  }
}

const text = (draft: Draft): string => JSON.stringify(draft)
const path = (fenceId: string): string => `/fences/${encodeURIComponent(fenceId)}`

/** Somebody else has changed the fence since it was opened. */
export class ChangedMeanwhile extends Error {
  constructor(readonly now: Fence | null) {
    super('changed')
  }
}

export function useFenceDraft() {
  const history = shallowRef(begin<Draft>(newDraft(null)))
  const saved = shallowRef('')
  const known = shallowRef<Fence | null>(null) // as the server had it when it was opened; null: a new one
  const draft = computed(() => history.value.now)

  function open(first: Draft, fence: Fence | null): void {
    history.value = begin(first)
    known.value = fence
    saved.value = text(first)
  }
  function change(part: Partial<Draft>, key = ''): void {
    history.value = changed(history.value, { ...history.value.now, ...part }, key, Date.now())
  }

  async function send(method: string, where: string, body?: unknown): Promise<void> {
    const answer = await ask<{ command_id?: string } | undefined>(method, where, body)
    if (answer.status === 202) await followUp(answer.body!.command_id!)
  }
  async function refuseIfChanged(): Promise<void> {
    if (!known.value) return
    const now = await get<Fence>(path(known.value.fence_id)).catch(error => {
      if (error instanceof ApiError && error.status === 404) return null
      throw error
    })
    if (!now || text(draftOf(now)) !== text(draftOf(known.value))) throw new ChangedMeanwhile(now)
  }

  /** Put it on the server. `force`: over what somebody else has put there meanwhile. */
  async function save(force: boolean): Promise<void> {
    const fence = fenceOf(draft.value)
    if (!force) await refuseIfChanged()
    if (known.value || force) await send('PUT', path(fence.fence_id), fence)
    else await send('POST', '/fences', fence)
    const stored = await get<Fence>(path(fence.fence_id))
    fences.items.set(stored.fence_id, stored)
    known.value = stored
    saved.value = text(draft.value)
  }
  async function remove(): Promise<void> {
    const fenceId = known.value!.fence_id
    await send('DELETE', path(fenceId))
    fences.items.delete(fenceId)
    saved.value = text(draft.value)
  }

  return {
    draft, known, open, change, save, remove,
    dirty: computed(() => text(draft.value) !== saved.value),
    canUndo: computed(() => history.value.before.length > 0),
    canRedo: computed(() => history.value.after.length > 0),
    undo: () => void (history.value = undone(history.value)),
    redo: () => void (history.value = redone(history.value)),
  }
}
