// Puts a text on the clipboard, and says whether it is there.
import { ElMessage } from 'element-plus'
import { t } from './i18n'

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    ElMessage.success({ message: t('contact.copied', { phone: text }) })
  } catch {
    // Browsers allow it only on safe origins.
    ElMessage.warning({ message: t('contact.copy_failed', { phone: text }), duration: 0, showClose: true })
  }
}
