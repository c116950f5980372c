// Keys of a page: single letters, and never while somebody writes or a dialog asks.
import { onBeforeUnmount, onMounted } from 'vue'

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName)
    || (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type))
}

const dialogIsOpen = (): boolean =>
  [...document.querySelectorAll('.el-overlay')].some(overlay => overlay instanceof HTMLElement && overlay.style.display !== 'none')

/** The space bar presses what it is on. */
const pressesButton = (event: KeyboardEvent): boolean =>
  event.key === ' ' && event.target instanceof Element && event.target.closest('button, a, summary, select, [role=button], input:not([type=range])') !== null

export function useKeys(keys: Record<string, () => unknown>): void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || dialogIsOpen() || pressesButton(event)) return
    if (isWriting(event.target)) {
      if (event.key === 'Escape') (event.target as HTMLElement).blur()
      return
    }
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!act || (event.repeat && !['j', 'k', 'ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight'].includes(event.key))) return
    event.preventDefault()
    act()
  }
  onMounted(() => addEventListener('keydown', onKey))
  onBeforeUnmount(() => removeEventListener('keydown', onKey))
}
