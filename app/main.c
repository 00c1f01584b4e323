#include <glib/gi18n.h>
#include <locale.h>

#include "sfu-application.h"
#include "sfu-config.h"
#include "sfu-startup.h"

int
main (int argc, char **argv)
{
  g_autoptr (SfuApplication) application = NULL;
  const char *data = g_getenv ("SFU_DATA"), *locales = g_getenv ("SFU_LOCALES");
  const char *budget = g_getenv ("SFU_BUDGET_MIB"); /* a device with little memory, for tests */
  setlocale (LC_ALL, "");
  bindtextdomain (SFU_DOMAIN, locales != NULL ? locales : SFU_LOCALE_FOLDER);
  bind_textdomain_codeset (SFU_DOMAIN, "UTF-8");
  textdomain (SFU_DOMAIN);
  sfu_use_wide_vectors ();
  application = sfu_application_new (data != NULL ? data : SFU_DATA_FOLDER, g_getenv ("SFU_VALIDATE") != NULL,
                                     budget != NULL ? g_ascii_strtoull (budget, NULL, 10) << 20 : 0);
  return g_application_run (G_APPLICATION (application), argc, argv);
}
