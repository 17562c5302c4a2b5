import { featureMessages } from './language'
import { notFoundEn } from './notFound.en'
import { notFoundZh } from './notFound.zh'

/** The common texts, and those of a page that does not exist, which load with it. */
export const useNotFoundMessages = featureMessages(notFoundEn, notFoundZh)
