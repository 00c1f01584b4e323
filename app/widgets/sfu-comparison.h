/* sfu-comparison.h: a second picture on the canvas, left of a divider or beside the first, and what differs
 * written on both. Left stays left in every language. Owned by the canvas. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct _SfuComparison SfuComparison;

/* @canvas: what text is drawn like; @left, @right: (nullable): what is written on the other picture and on the shown one. */
SfuComparison *sfu_comparison_new (GtkWidget *canvas, GdkTexture *other, const char *left, const char *right);
void sfu_comparison_free (SfuComparison *self);

gboolean sfu_comparison_is_side_by_side (SfuComparison *self);
void sfu_comparison_set_side_by_side (SfuComparison *self, gboolean side);

/* 0..1 of the picture's width. */
void sfu_comparison_set_divider (SfuComparison *self, double at);
/* Shows one of the two whole, then the other. */
void sfu_comparison_flip (SfuComparison *self);
/* @x is where the divider can be taken hold of. */
gboolean sfu_comparison_is_at_divider (SfuComparison *self, const graphene_rect_t *picture, double x);

/* Left, Right, Home and End move the divider, with Shift farther. FALSE: the key means something else. */
gboolean sfu_comparison_press_key (SfuComparison *self, guint key, GdkModifierType state);

/* Over the shown picture, which lies in @picture: the other one, left of the divider, and the divider. */
void sfu_comparison_snapshot_divided (SfuComparison *self, GtkSnapshot *snapshot, GskScalingFilter filter, const graphene_rect_t *picture);
/* Where the other picture lies when the shown one has @picture: in its own shape, as large as fits. */
graphene_rect_t sfu_comparison_place_of_other (SfuComparison *self, const graphene_rect_t *picture);
void sfu_comparison_snapshot_other (SfuComparison *self, GtkSnapshot *snapshot, GskScalingFilter filter, const graphene_rect_t *picture);
/* What is written on them: in one view, or each in its own. */
void sfu_comparison_snapshot_labels (SfuComparison *self, GtkSnapshot *snapshot, const graphene_rect_t *left, const graphene_rect_t *right);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SfuComparison, sfu_comparison_free)

G_END_DECLS
