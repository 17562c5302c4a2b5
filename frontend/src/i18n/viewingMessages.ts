import { featureMessages } from './language'
import { viewingEn } from './viewing.en'
import { viewingZh } from './viewing.zh'

/** The common texts, and those of seeing the log as another person and of confirming who one is, which load with these. */
export const useViewingMessages = featureMessages(viewingEn, viewingZh)
