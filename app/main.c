#include <glib/gi18n.h>
#include <locale.h>

#include "sfu-application.h"
#include "sfu-config.h"

/* Mesa's software device computes in vectors of 256 bits unless told otherwise; where the processor has 512,
 * the kernels run half as fast again. It reads this once, when Vulkan starts. */
static void
use_wide_vectors (void)
{
#if defined (__x86_64__)
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512bw"))
    g_setenv ("LP_NATIVE_VECTOR_WIDTH", "512", FALSE);
#endif
}

int
main (int argc, char **argv)
{
  g_autoptr (SfuApplication) application = NULL;
  const char *data = g_getenv ("SFU_DATA"), *locales = g_getenv ("SFU_LOCALES");
  setlocale (LC_ALL, "");
  bindtextdomain (SFU_DOMAIN, locales != NULL ? locales : SFU_LOCALE_FOLDER);
  bind_textdomain_codeset (SFU_DOMAIN, "UTF-8");
  textdomain (SFU_DOMAIN);
  use_wide_vectors ();
  application = sfu_application_new (data != NULL ? data : SFU_DATA_FOLDER, g_getenv ("SFU_VALIDATE") != NULL);
  return g_application_run (G_APPLICATION (application), argc, argv);
}
