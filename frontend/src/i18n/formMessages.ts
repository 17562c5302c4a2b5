import { formEn } from './form.en'
import { formZh } from './form.zh'
import { featureMessages } from './language'

/** The common texts, and those of form fields, which load with forms. */
export const useFormMessages = featureMessages(formEn, formZh)
