#include "sfu-model-item.h"

#include <adwaita.h>
#include <glib/gi18n.h>

struct _SfuModelItem {
  GtkWidget parent_instance;
  GtkWidget *box, *face, *check, *icon, *spinner;
  GtkLabel *title, *family, *detail;
};

G_DEFINE_FINAL_TYPE (SfuModelItem, sfu_model_item, GTK_TYPE_WIDGET)

static void
sfu_model_item_dispose (GObject *object)
{
  SfuModelItem *self = SFU_MODEL_ITEM (object);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (sfu_model_item_parent_class)->dispose (object);
}

static void
sfu_model_item_class_init (SfuModelItemClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = sfu_model_item_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GENERIC);
}

static GtkLabel *
new_label (const char *css_class)
{
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  return GTK_LABEL (label);
}

static void
sfu_model_item_init (SfuModelItem *self)
{
  GtkWidget *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3), *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  self->box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  self->face = sfu_model_face_new ();
  self->title = new_label (NULL);
  self->family = new_label ("family");
  self->detail = new_label ("caption");
  self->icon = gtk_image_new ();
  self->spinner = adw_spinner_new ();
  self->check = gtk_image_new_from_icon_name ("object-select-symbolic");
  gtk_widget_add_css_class (GTK_WIDGET (self), "model-item");
  gtk_label_set_ellipsize (self->family, PANGO_ELLIPSIZE_NONE);
  gtk_widget_set_hexpand (texts, TRUE);
  gtk_widget_set_valign (texts, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (line), GTK_WIDGET (self->family));
  gtk_box_append (GTK_BOX (line), GTK_WIDGET (self->detail));
  gtk_box_append (GTK_BOX (texts), GTK_WIDGET (self->title));
  gtk_box_append (GTK_BOX (texts), line);
  gtk_box_append (GTK_BOX (self->box), self->face);
  gtk_box_append (GTK_BOX (self->box), texts);
  gtk_box_append (GTK_BOX (self->box), self->spinner);
  gtk_box_append (GTK_BOX (self->box), self->icon);
  gtk_box_append (GTK_BOX (self->box), self->check);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
}

GtkWidget *
sfu_model_item_new (void)
{
  return g_object_new (SFU_TYPE_MODEL_ITEM, NULL);
}

SfuModelFace *
sfu_model_item_face (SfuModelItem *self)
{
  return SFU_MODEL_FACE (self->face);
}

/* Its size, or what is wrong with it. */
static char *
detail_of (SfuLibraryModel *model, SfuLoader *loader)
{
  if (sfu_model_state_is_problem (sfu_model_state_of (model, loader)))
    return sfu_model_state_text (model, loader);
  return g_format_size (sfu_library_model_bytes (model));
}

void
sfu_model_item_show (SfuModelItem *self, SfuLibraryModel *model, SfuLoader *loader, gboolean chosen)
{
  SfuModelState state = sfu_model_state_of (model, loader);
  const char *icon = sfu_model_state_icon (state), *badge = sfu_library_model_badge (model);
  g_autofree char *detail = detail_of (model, loader), *text = sfu_model_state_text (model, loader), *tip = NULL;
  gtk_label_set_text (self->title, sfu_library_model_title (model));
  gtk_label_set_text (self->family, badge);
  gtk_widget_set_visible (GTK_WIDGET (self->family), *badge != '\0');
  gtk_label_set_text (self->detail, detail);
  if (sfu_model_state_is_problem (state))
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->detail), "dim-label");
      gtk_widget_add_css_class (GTK_WIDGET (self->detail), "problem");
    }
  else
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->detail), "problem");
      gtk_widget_add_css_class (GTK_WIDGET (self->detail), "dim-label");
    }
  gtk_image_set_from_icon_name (GTK_IMAGE (self->icon), icon);
  gtk_widget_set_tooltip_text (self->icon, text);
  gtk_widget_set_visible (self->icon, icon != NULL);
  gtk_widget_set_visible (self->spinner, state == SFU_MODEL_STATE_LOADING);
  /* Kept in place, so that icons stand in a column. */
  gtk_widget_set_opacity (self->check, chosen);
  tip = g_strdup_printf ("%s\n%s", sfu_library_model_path (model), text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), tip);
}

char *
sfu_model_item_label (SfuLibraryModel *model, SfuLoader *loader, gboolean chosen)
{
  g_autofree char *size = g_format_size (sfu_library_model_bytes (model)), *state = sfu_model_state_text (model, loader);
  const char *title = sfu_library_model_title (model), *family = sfu_library_model_family (model);
  if (*family == '\0')
    return g_strdup_printf ("%s, %s", title, state);
  if (chosen)
    /* Translators: a model's name, family, size and state. */
    return g_strdup_printf (_("%s, %s, %s, %s, chosen"), title, family, size, state);
  return g_strdup_printf (_("%s, %s, %s, %s"), title, family, size, state);
}
