import { emptyEn } from './empty.en'
import { emptyZh } from './empty.zh'
import { featureWords } from './language'

/** The common texts, and those of an empty list, which load with it. */
export const useEmptyWords = featureWords(emptyEn, emptyZh)
