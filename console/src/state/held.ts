// The rows of the list as they are shown: while a hand is at the list they keep their places.
import { onBeforeUnmount, type Ref, shallowRef, watch } from 'vue'
import type { Row } from '../logic/fold'
import { asHeld, type Held, hold } from '../logic/hold'

/** A hand that has not moved for so long is not about to click. */
const HOLD_MS = 5_000

/** `question`: what the list is asked for; a new one is answered at once. */
export function useHeldRows(rows: Ref<Row[]>, question: Ref<unknown>) {
  const shown = shallowRef<Held[]>([])
  const held = shallowRef(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  watch([rows, question], ([now, asked], [, before]) => {
    shown.value = held.value && asked === before ? hold(shown.value, now) : asHeld(now)
  }, { immediate: true })

  function release(): void {
    clearTimeout(timer)
    if (!held.value) return
    held.value = false
    shown.value = asHeld(rows.value)
  }
  function touch(): void {
    held.value = true
    clearTimeout(timer)
    timer = setTimeout(release, HOLD_MS)
  }
  onBeforeUnmount(() => clearTimeout(timer))
  return { shown, held, touch, release }
}
