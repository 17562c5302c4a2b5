import { ignoredEn } from './ignored.en'
import { ignoredZh } from './ignored.zh'
import { featureMessages } from './language'

/** The common texts, and those about parameters that are ignored, which load when there are any. */
export const useIgnoredMessages = featureMessages(ignoredEn, ignoredZh)
