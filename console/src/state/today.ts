// The figures of the day for the wall: those of the service, as the shift's page has them, every few minutes.
import { onBeforeUnmount, onMounted, shallowRef } from 'vue'
import { get, withQuery } from '../api'
import type { components } from '../api-types'
import type { Figures } from '../logic/shift'
import { dayBounds, dayOf } from '../logic/track'
import { type Today, todayOf } from '../logic/today'

type Summary = components['schemas']['Summary']

const EVERY_MS = 3 * 60_000

/** While the caller is on the page; null until they are known. What cannot be read now stays as it was. */
export function useToday() {
  const today = shallowRef<Today | null>(null)
  async function learn(): Promise<void> {
    const summary = await get<Summary>('/summary')
    const [from, to] = dayBounds(dayOf(summary.at_ms))
    today.value = todayOf(await get<Figures>(withQuery('/figures', { from_ms: from, to_ms: to })), summary)
  }
  let timer: ReturnType<typeof setInterval>
  onMounted(() => {
    const again = (): void => void learn().catch(() => undefined)
    again()
    timer = setInterval(again, EVERY_MS)
  })
  onBeforeUnmount(() => clearInterval(timer))
  return today
}
