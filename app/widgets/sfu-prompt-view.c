#include "sfu-prompt-view.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "sfu-chunks.h"
#include "sfu-prompt-edit.h"
#include "sfu-prompt-text.h"

#define COUNT_DELAY_MS 80
#define CHUNK_LENGTH 77 /* of CLIP, with a start and an end */

struct _SfuPromptView {
  GtkWidget parent_instance;
  GtkWidget *box;
  GtkLabel *title_label, *count_label, *parts_label, *placeholder_label, *note_label;
  GtkScrolledWindow *scroller;
  GtkTextView *view;
  GtkTextBuffer *buffer;
  GtkTextTag *weight_tag, *bracket_tag, *mark_tag;
  SfuTokenizer *tokenizer;
  SfuEmphasis emphasis;
  GPtrArray *former;
  guint former_at; /* how many back; 0: the draft */
  char *draft;
  guint count_source;
  double weight_step; /* of a key press */
  gboolean composing;
};

G_DEFINE_FINAL_TYPE (SfuPromptView, sfu_prompt_view, GTK_TYPE_WIDGET)

enum { PROP_0, PROP_TITLE, PROP_PLACEHOLDER, PROP_LINES, PROP_WEIGHT_STEP, PROP_EMPHASIS, N_PROPS };
static GParamSpec *props[N_PROPS];
static guint changed_signal, pasted_signal;

char *
sfu_prompt_view_get_text (SfuPromptView *self)
{
  char *text = NULL;
  g_object_get (self->buffer, "text", &text, NULL);
  return text;
}

/* -- counting and colouring -- */

/* Says of how many tokens how many are used, and in how many parts they are read. */
static void
show_count (SfuPromptView *self, const SfuChunks *chunks)
{
  guint room = CHUNK_LENGTH - 2;
  /* Isolated, so that the two numbers keep their order among right-to-left text. */
  g_autofree char *count = g_strdup_printf ("\u2066%u / %u\u2069", chunks->used, chunks->n_chunks * room);
  g_autofree char *parts = g_strdup_printf (ngettext ("· %u part", "· %u parts", chunks->n_chunks), chunks->n_chunks), *tip = NULL;
  gtk_label_set_text (self->count_label, count);
  gtk_label_set_text (self->parts_label, parts);
  gtk_widget_set_visible (GTK_WIDGET (self->parts_label), chunks->n_chunks > 1);
  if (chunks->lost != NULL)
    tip = g_strdup_printf (_("Too long for this model. Lost: “%s”"), chunks->lost);
  else if (self->emphasis == SFU_EMPHASIS_NONE)
    tip = g_strdup (_("Tokens used of those that the model reads"));
  else if (chunks->n_chunks == 1)
    tip = g_strdup_printf (_("Words and signs are one token or more each; brackets and weights are none. From %u on a second part begins."), room);
  else
    tip = g_strdup_printf (_("The model reads %u tokens at a time. A dotted line shows where a part begins; what is free before it counts too."), room);
  if (chunks->lost != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->count_label), "warning");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->count_label), "warning");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->count_label), tip);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->parts_label), tip);
}

static void
show_parts (SfuPromptView *self, const char *text, const SfuChunks *chunks)
{
  g_autofree guint *offsets = g_new (guint, chunks->n_chunks);
  for (guint i = 1; i < chunks->n_chunks; i++)
    offsets[i - 1] = g_utf8_pointer_to_offset (text, text + chunks->starts[i]);
  sfu_prompt_text_set_parts (SFU_PROMPT_TEXT (self->view), offsets, chunks->n_chunks - 1);
}

static void
count_tokens (SfuPromptView *self)
{
  g_autofree char *text = sfu_prompt_view_get_text (self);
  g_autoptr (SfuChunks) chunks = NULL;
  gtk_widget_set_visible (GTK_WIDGET (self->count_label), self->tokenizer != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->parts_label), FALSE);
  sfu_prompt_text_set_parts (SFU_PROMPT_TEXT (self->view), NULL, 0);
  if (self->tokenizer == NULL)
    return;
  chunks = sfu_chunks_new (self->tokenizer, self->emphasis, text, CHUNK_LENGTH);
  show_count (self, chunks);
  show_parts (self, text, chunks);
}

/* Which of @n characters have the tag. */
static void
read_tag (SfuPromptView *self, GtkTextTag *tag, guint8 *tagged, guint n)
{
  GtkTextIter a, b;
  gtk_text_buffer_get_start_iter (self->buffer, &a);
  for (; !gtk_text_iter_is_end (&a); a = b)
    {
      b = a;
      gtk_text_iter_forward_to_tag_toggle (&b, tag);
      memset (tagged + gtk_text_iter_get_offset (&a), gtk_text_iter_has_tag (&a, tag),
              MIN ((guint) gtk_text_iter_get_offset (&b), n) - gtk_text_iter_get_offset (&a));
    }
}

/* Gives the tag to the wanted characters and no others. Only what changes is touched: every touched line is laid out
 * anew, and a prompt is one line. */
static void
set_tag (SfuPromptView *self, GtkTextTag *tag, const guint8 *wanted, guint n)
{
  g_autofree guint8 *tagged = g_new0 (guint8, n + 1);
  GtkTextIter a, b;
  read_tag (self, tag, tagged, n);
  for (guint i = 0, end; i < n; i = end)
    {
      for (end = i + 1; end < n && wanted[end] == wanted[i] && tagged[end] == tagged[i]; end++)
        ;
      if (wanted[i] == tagged[i])
        continue;
      gtk_text_buffer_get_iter_at_offset (self->buffer, &a, i);
      gtk_text_buffer_get_iter_at_offset (self->buffer, &b, end);
      if (wanted[i])
        gtk_text_buffer_apply_tag (self->buffer, tag, &a, &b);
      else
        gtk_text_buffer_remove_tag (self->buffer, tag, &a, &b);
    }
}

static void
colour_spans (SfuPromptView *self)
{
  g_autofree char *text = sfu_prompt_view_get_text (self);
  guint n = gtk_text_buffer_get_char_count (self->buffer);
  g_autofree guint8 *weighted = g_new0 (guint8, n + 1), *unbalanced = g_new0 (guint8, n + 1), *marked = g_new0 (guint8, n + 1);
  g_autoptr (GArray) spans = sfu_prompt_spans (text, self->emphasis);
  g_autoptr (SfuPhrases) phrases = sfu_emphasis_parse (self->emphasis, text);
  for (guint i = 0; i < spans->len; i++)
    {
      SfuPromptSpan span = g_array_index (spans, SfuPromptSpan, i);
      memset ((span.balanced ? weighted : unbalanced) + span.start, 1, span.end - span.start);
    }
  for (guint i = 0; i < phrases->marks->len; i++)
    {
      SfuMark mark = g_array_index (phrases->marks, SfuMark, i);
      memset (marked + g_utf8_pointer_to_offset (text, text + mark.start), 1, mark.end - mark.start); /* ASCII */
    }
  set_tag (self, self->weight_tag, weighted, n);
  set_tag (self, self->bracket_tag, unbalanced, n);
  set_tag (self, self->mark_tag, marked, n);
}

static gboolean
count_cb (gpointer data)
{
  SfuPromptView *self = data;
  self->count_source = 0;
  if (self->composing)
    return G_SOURCE_REMOVE;
  count_tokens (self);
  colour_spans (self);
  return G_SOURCE_REMOVE;
}

static void
count_soon (SfuPromptView *self)
{
  g_clear_handle_id (&self->count_source, g_source_remove);
  self->count_source = g_timeout_add (COUNT_DELAY_MS, count_cb, self);
}

static void
changed_cb (SfuPromptView *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->placeholder_label), gtk_text_buffer_get_char_count (self->buffer) == 0 && !self->composing);
  count_soon (self);
  g_signal_emit (self, changed_signal, 0);
}

static void
preedit_cb (SfuPromptView *self, const char *preedit)
{
  self->composing = *preedit != '\0';
  gtk_widget_set_visible (GTK_WIDGET (self->placeholder_label), gtk_text_buffer_get_char_count (self->buffer) == 0 && !self->composing);
  count_soon (self);
}

/* What is pasted is plain text; settings among it are no prompt, which the window is told. */
static void
paste_done_cb (SfuPromptView *self)
{
  g_autofree char *text = sfu_prompt_view_get_text (self);
  if (strstr (text, "Steps: ") != NULL && strstr (text, "Seed: ") != NULL)
    g_signal_emit (self, pasted_signal, 0, text);
}

/* -- editing by keys -- */

static void
apply_edit (SfuPromptView *self, SfuPromptEdit *edit)
{
  GtkTextIter a, b;
  gtk_text_buffer_begin_user_action (self->buffer);
  gtk_text_buffer_get_iter_at_offset (self->buffer, &a, edit->start);
  gtk_text_buffer_get_iter_at_offset (self->buffer, &b, edit->end);
  gtk_text_buffer_delete (self->buffer, &a, &b);
  gtk_text_buffer_insert (self->buffer, &a, edit->text, -1);
  gtk_text_buffer_end_user_action (self->buffer);
  gtk_text_buffer_get_iter_at_offset (self->buffer, &a, edit->select_start);
  gtk_text_buffer_get_iter_at_offset (self->buffer, &b, edit->select_end);
  gtk_text_buffer_select_range (self->buffer, &b, &a);
  g_clear_pointer (&edit->text, g_free);
}

static void
weigh (SfuPromptView *self, double by)
{
  g_autofree char *text = sfu_prompt_view_get_text (self);
  SfuPromptEdit edit;
  GtkTextIter a, b;
  gtk_text_buffer_get_selection_bounds (self->buffer, &a, &b);
  if (sfu_prompt_weigh (text, gtk_text_iter_get_offset (&a), gtk_text_iter_get_offset (&b), by, &edit))
    apply_edit (self, &edit);
}

static void
move_phrase (SfuPromptView *self, int by)
{
  g_autofree char *text = sfu_prompt_view_get_text (self);
  SfuPromptEdit edit;
  GtkTextIter a, b;
  gtk_text_buffer_get_selection_bounds (self->buffer, &a, &b);
  if (sfu_prompt_move_phrase (text, gtk_text_iter_get_offset (&a), by, &edit))
    apply_edit (self, &edit);
}

/* Older (1) or newer (-1) prompts; the draft waits at the end. */
static void
walk_former (SfuPromptView *self, int by)
{
  int at = (int) self->former_at + by, n = self->former != NULL ? (int) self->former->len : 0;
  if (at < 0 || at > n)
    return;
  if (self->former_at == 0)
    {
      g_free (self->draft);
      self->draft = sfu_prompt_view_get_text (self);
    }
  self->former_at = at;
  sfu_prompt_view_set_text (self, at == 0 ? self->draft : g_ptr_array_index (self->former, n - at));
  self->former_at = at;
}

static gboolean
key_cb (SfuPromptView *self, guint key, guint code, GdkModifierType state)
{
  gboolean up = key == GDK_KEY_Up || key == GDK_KEY_KP_Up, down = key == GDK_KEY_Down || key == GDK_KEY_KP_Down;
  GdkModifierType held = state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SHIFT_MASK | GDK_SUPER_MASK);
  if (self->composing)
    return FALSE;
  if ((held & ~GDK_SHIFT_MASK) == GDK_CONTROL_MASK && (up || down))
    weigh (self, (up ? 1 : -1) * self->weight_step * (held & GDK_SHIFT_MASK ? 0.5 : 1));
  else if (held == GDK_ALT_MASK && (up || down))
    walk_former (self, up ? 1 : -1);
  else if (held == GDK_ALT_MASK && (key == GDK_KEY_Left || key == GDK_KEY_Right))
    move_phrase (self, key == GDK_KEY_Left ? -1 : 1);
  else
    return FALSE;
  return TRUE;
}

/* -- the object -- */

static void
sfu_prompt_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SfuPromptView *self = SFU_PROMPT_VIEW (object);
  if (id == PROP_TITLE)
    {
      gtk_label_set_text (self->title_label, g_value_get_string (value));
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, g_value_get_string (value), -1);
    }
  else if (id == PROP_PLACEHOLDER)
    gtk_label_set_text (self->placeholder_label, g_value_get_string (value));
  else if (id == PROP_WEIGHT_STEP)
    self->weight_step = g_value_get_double (value);
  else if (id == PROP_EMPHASIS)
    {
      sfu_emphasis_from_name (g_value_get_string (value), &self->emphasis);
      count_soon (self);
    }
  else
    {
      /* Lines in the view's own font, so that the field grows with the user's text size. */
      g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self->view), "X");
      int height;
      pango_layout_get_pixel_size (layout, NULL, &height);
      gtk_scrolled_window_set_min_content_height (self->scroller, height * g_value_get_int (value));
      gtk_scrolled_window_set_max_content_height (self->scroller, height * 3 * g_value_get_int (value) + height);
    }
}

static void
sfu_prompt_view_dispose (GObject *object)
{
  SfuPromptView *self = SFU_PROMPT_VIEW (object);
  g_clear_handle_id (&self->count_source, g_source_remove);
  g_clear_pointer (&self->tokenizer, sfu_tokenizer_unref);
  g_clear_pointer (&self->former, g_ptr_array_unref);
  g_clear_pointer (&self->draft, g_free);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  gtk_widget_dispose_template (GTK_WIDGET (self), SFU_TYPE_PROMPT_VIEW);
  G_OBJECT_CLASS (sfu_prompt_view_parent_class)->dispose (object);
}

static void
sfu_prompt_view_class_init (SfuPromptViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->set_property = sfu_prompt_view_set_property;
  G_OBJECT_CLASS (klass)->dispose = sfu_prompt_view_dispose;
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_PLACEHOLDER] = g_param_spec_string ("placeholder", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_LINES] = g_param_spec_int ("lines", NULL, NULL, 1, 20, 1, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_WEIGHT_STEP] = g_param_spec_double ("weight-step", NULL, NULL, 0, 1, 0.1, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_EMPHASIS] = g_param_spec_string ("emphasis", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, props);
  changed_signal = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  pasted_signal = g_signal_new ("pasted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  g_type_ensure (SFU_TYPE_PROMPT_TEXT);
  gtk_widget_class_set_template_from_resource (widget_class, "/app/sfumato/ui/sfu-prompt-view.ui");
  gtk_widget_class_bind_template_child (widget_class, SfuPromptView, box);
  gtk_widget_class_bind_template_child (widget_class, SfuPromptView, title_label);
  gtk_widget_class_bind_template_child (widget_class, SfuPromptView, count_label);
  gtk_widget_class_bind_template_child (widget_class, SfuPromptView, parts_label);
  gtk_widget_class_bind_template_child (widget_class, SfuPromptView, placeholder_label);
  gtk_widget_class_bind_template_child (widget_class, SfuPromptView, note_label);
  gtk_widget_class_bind_template_child (widget_class, SfuPromptView, scroller);
  gtk_widget_class_bind_template_child (widget_class, SfuPromptView, view);
}

static void
update_tint (SfuPromptView *self)
{
  g_autoptr (GdkRGBA) accent = adw_style_manager_get_accent_color_rgba (adw_style_manager_get_default ());
  g_object_set (self->mark_tag, "foreground-rgba", accent, NULL);
  accent->alpha = 0.16;
  g_object_set (self->weight_tag, "background-rgba", accent, NULL);
}

static void
sfu_prompt_view_init (SfuPromptView *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  self->weight_step = 0.1;
  self->buffer = gtk_text_view_get_buffer (self->view);
  gtk_text_buffer_set_enable_undo (self->buffer, TRUE);
  self->weight_tag = gtk_text_buffer_create_tag (self->buffer, NULL, "weight", PANGO_WEIGHT_BOLD, NULL);
  self->bracket_tag = gtk_text_buffer_create_tag (self->buffer, NULL, "underline", PANGO_UNDERLINE_ERROR, NULL);
  self->mark_tag = gtk_text_buffer_create_tag (self->buffer, NULL, NULL);
  update_tint (self);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::accent-color-rgba", G_CALLBACK (update_tint), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->buffer, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->buffer, "paste-done", G_CALLBACK (paste_done_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->view, "preedit-changed", G_CALLBACK (preedit_cb), self, G_CONNECT_SWAPPED);
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->view), keys);
}

SfuEmphasis
sfu_prompt_view_get_emphasis (SfuPromptView *self)
{
  return self->emphasis;
}

void
sfu_prompt_view_set_text (SfuPromptView *self, const char *text)
{
  g_autofree char *now = sfu_prompt_view_get_text (self);
  GtkTextIter a, b;
  if (g_str_equal (now, text))
    return;
  gtk_text_buffer_begin_user_action (self->buffer);
  gtk_text_buffer_get_bounds (self->buffer, &a, &b);
  gtk_text_buffer_delete (self->buffer, &a, &b);
  gtk_text_buffer_insert (self->buffer, &a, text, -1);
  gtk_text_buffer_end_user_action (self->buffer);
  self->former_at = 0;
}

GtkTextView *
sfu_prompt_view_text_view (SfuPromptView *self)
{
  return self->view;
}

void
sfu_prompt_view_set_tokenizer (SfuPromptView *self, SfuTokenizer *tokenizer)
{
  g_clear_pointer (&self->tokenizer, sfu_tokenizer_unref);
  self->tokenizer = tokenizer != NULL ? sfu_tokenizer_ref (tokenizer) : NULL;
  count_soon (self);
}

void
sfu_prompt_view_set_note (SfuPromptView *self, const char *note)
{
  gtk_label_set_text (self->note_label, note != NULL ? note : "");
  gtk_widget_set_visible (GTK_WIDGET (self->note_label), note != NULL);
  if (note != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->view), "dim-label");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->view), "dim-label");
}

void
sfu_prompt_view_set_former (SfuPromptView *self, GPtrArray *prompts)
{
  g_clear_pointer (&self->former, g_ptr_array_unref);
  self->former = g_ptr_array_ref (prompts);
  self->former_at = 0;
}
