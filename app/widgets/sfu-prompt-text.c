#include "sfu-prompt-text.h"

struct _SfuPromptText {
  GtkTextView parent_instance;
  GPtrArray *parts; /* GtkTextMark */
};

G_DEFINE_FINAL_TYPE (SfuPromptText, sfu_prompt_text, GTK_TYPE_TEXT_VIEW)

static void
draw_rule (SfuPromptText *self, GtkSnapshot *snapshot, GtkTextMark *part)
{
  static const float dots[] = { 1.5f, 2.5f };
  GtkTextView *view = GTK_TEXT_VIEW (self);
  g_autoptr (GskPathBuilder) builder = gsk_path_builder_new ();
  g_autoptr (GskPath) path = NULL;
  GskStroke *stroke = gsk_stroke_new (1);
  GtkTextIter iter;
  GdkRectangle at;
  GdkRGBA colour;
  gtk_text_buffer_get_iter_at_mark (gtk_text_view_get_buffer (view), &iter, part);
  gtk_text_view_get_cursor_locations (view, &iter, &at, NULL);
  gsk_path_builder_move_to (builder, at.x - 1.5f, at.y);
  gsk_path_builder_line_to (builder, at.x - 1.5f, at.y + at.height);
  path = gsk_path_builder_to_path (builder);
  gsk_stroke_set_dash (stroke, dots, G_N_ELEMENTS (dots));
  gtk_widget_get_color (GTK_WIDGET (self), &colour);
  colour.alpha *= 0.7f;
  gtk_snapshot_append_stroke (snapshot, path, stroke, &colour);
  gsk_stroke_free (stroke);
}

static void
sfu_prompt_text_snapshot_layer (GtkTextView *view, GtkTextViewLayer layer, GtkSnapshot *snapshot)
{
  SfuPromptText *self = SFU_PROMPT_TEXT (view);
  for (guint i = 0; layer == GTK_TEXT_VIEW_LAYER_BELOW_TEXT && i < self->parts->len; i++)
    draw_rule (self, snapshot, g_ptr_array_index (self->parts, i));
}

static void
sfu_prompt_text_finalize (GObject *object)
{
  g_ptr_array_unref (SFU_PROMPT_TEXT (object)->parts);
  G_OBJECT_CLASS (sfu_prompt_text_parent_class)->finalize (object);
}

static void
sfu_prompt_text_class_init (SfuPromptTextClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sfu_prompt_text_finalize;
  GTK_TEXT_VIEW_CLASS (klass)->snapshot_layer = sfu_prompt_text_snapshot_layer;
}

static void
sfu_prompt_text_init (SfuPromptText *self)
{
  self->parts = g_ptr_array_new_with_free_func (g_object_unref);
}

void
sfu_prompt_text_set_parts (SfuPromptText *self, const guint *offsets, guint n)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (self));
  for (guint i = 0; i < self->parts->len; i++)
    gtk_text_buffer_delete_mark (buffer, g_ptr_array_index (self->parts, i));
  g_ptr_array_set_size (self->parts, 0);
  for (guint i = 0; i < n; i++)
    {
      GtkTextIter iter;
      gtk_text_buffer_get_iter_at_offset (buffer, &iter, offsets[i]);
      g_ptr_array_add (self->parts, g_object_ref (gtk_text_buffer_create_mark (buffer, NULL, &iter, FALSE)));
    }
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
