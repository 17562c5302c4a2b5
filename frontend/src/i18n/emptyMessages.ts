import { emptyEn } from './empty.en'
import { emptyZh } from './empty.zh'
import { featureMessages } from './language'

/** The common texts, and those of an empty list, which load with it. */
export const useEmptyMessages = featureMessages(emptyEn, emptyZh)
