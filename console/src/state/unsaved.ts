// Keeps what was typed from being lost without a word: on another page, or with the tab.
import { onBeforeUnmount, onMounted } from 'vue'
import { onBeforeRouteLeave } from 'vue-router'

/** While `isDirty`, leaving is held up and `ask` is called. */
export function useUnsaved(isDirty: () => boolean, ask: () => void): void {
  const hold = (event: BeforeUnloadEvent): void => {
    if (isDirty()) event.preventDefault()
  }
  onBeforeRouteLeave(() => {
    if (!isDirty()) return true
    ask()
    return false
  })
  onMounted(() => addEventListener('beforeunload', hold))
  onBeforeUnmount(() => removeEventListener('beforeunload', hold))
}
