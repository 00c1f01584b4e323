/* The graphics devices there are, to choose one from. */
#include <glib/gi18n.h>
#include <gpu-device.h>

#include "sfu-window-private.h"

#define GIB (1024.0 * 1024.0 * 1024.0)

static char *
describe (const GpuDeviceInfo *info)
{
  if (info->refusal != NULL)
    return g_strdup_printf (_("%s (cannot be used)"), info->name);
  if (info->kind == GPU_DEVICE_SOFTWARE)
    return g_strdup_printf (_("Processor: %s"), info->name);
  return g_strdup_printf (_("%s · %.1f GB"), info->name, info->memory_bytes / GIB);
}

static void
selected_cb (AdwComboRow *row, GParamSpec *pspec, GSettings *settings)
{
  GPtrArray *uuids = g_object_get_data (G_OBJECT (row), "uuids");
  guint at = adw_combo_row_get_selected (row);
  if (at < uuids->len)
    g_settings_set_string (settings, "device", uuids->pdata[at]);
}

/* A device that is chosen and not there is listed too, so that looking changes nothing. */
GtkWidget *
sfu_device_row_new (GSettings *settings)
{
  GtkWidget *row = adw_combo_row_new ();
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  GPtrArray *uuids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) devices = gpu_device_list (&error);
  g_autofree char *wanted = g_settings_get_string (settings, "device");
  guint selected = 0;
  gtk_string_list_append (names, _("The best there is"));
  g_ptr_array_add (uuids, g_strdup (""));
  for (guint i = 0; devices != NULL && i < devices->len; i++)
    {
      const GpuDeviceInfo *info = devices->pdata[i];
      g_autofree char *text = describe (info);
      if (g_str_equal (wanted, info->uuid))
        selected = uuids->len;
      gtk_string_list_append (names, text);
      g_ptr_array_add (uuids, g_strdup (info->uuid));
    }
  if (selected == 0 && *wanted != '\0')
    {
      selected = uuids->len;
      gtk_string_list_append (names, wanted);
      g_ptr_array_add (uuids, g_strdup (wanted));
    }
  g_object_set_data_full (G_OBJECT (row), "uuids", uuids, (GDestroyNotify) g_ptr_array_unref);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _("Graphics Device"));
  if (error != NULL)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (row), error->message);
  adw_combo_row_set_model (ADW_COMBO_ROW (row), G_LIST_MODEL (names));
  adw_combo_row_set_selected (ADW_COMBO_ROW (row), selected);
  g_signal_connect_object (row, "notify::selected", G_CALLBACK (selected_cb), settings, 0);
  return row;
}

char *
sfu_device_processor (void)
{
  g_autoptr (GPtrArray) devices = gpu_device_list (NULL);
  for (guint i = 0; devices != NULL && i < devices->len; i++)
    {
      const GpuDeviceInfo *info = devices->pdata[i];
      if (info->kind == GPU_DEVICE_SOFTWARE && info->refusal == NULL)
        return g_strdup (info->uuid);
    }
  return NULL;
}
