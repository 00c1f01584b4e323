"""A thin layer over Skia: filled shapes, gradients and glows on a 256 x 256 picture, coordinates in pixels."""

import numpy as np
import skia

SIZE = 256


def rgb(colour, alpha=1.0):
    r, g, b = (int(max(0, min(255, round(x)))) for x in colour)
    return skia.Color(r, g, b, int(max(0, min(255, round(alpha * 255)))))


class Brush:
    """One picture being drawn. Every surface colour goes through `lit` so that all things share the light of the scene."""

    def __init__(self, light):
        self.surface = skia.Surface(SIZE, SIZE)
        self.canvas = self.surface.getCanvas()
        self.light = light

    def lit(self, colour, depth=0.0):
        """A surface's colour under the scene's light; depth 0 is here, 1 is the horizon."""
        tinted = [x * t for x, t in zip(colour, self.light.tint)]
        amount = self.light.thick * depth
        return tuple(x + (h - x) * amount for x, h in zip(tinted, self.light.haze))

    def _paint(self, colour, alpha=1.0, blur=0.0, stroke=0.0):
        paint = skia.Paint(AntiAlias=True, Color=rgb(colour, alpha))
        if blur:
            paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
        if stroke:
            paint.setStyle(skia.Paint.kStroke_Style)
            paint.setStrokeWidth(stroke)
            paint.setStrokeCap(skia.Paint.kRound_Cap)
            paint.setStrokeJoin(skia.Paint.kRound_Join)
        return paint

    def polygon(self, points, colour, **how):
        path = skia.Path()
        path.addPoly([skia.Point(float(x), float(y)) for x, y in points], not how.get("stroke"))
        self.canvas.drawPath(path, self._paint(colour, **how))

    def curve(self, points, colour, **how):
        """A closed smooth shape through the middles of the polygon's sides."""
        path = skia.Path()
        mid = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(points, points[1:] + points[:1])]
        path.moveTo(*mid[-1])
        for (cx, cy), (x, y) in zip(points, mid):
            path.quadTo(cx, cy, x, y)
        self.canvas.drawPath(path, self._paint(colour, **how))

    def ellipse(self, x, y, rx, ry, colour, **how):
        self.canvas.drawOval(skia.Rect(x - rx, y - ry, x + rx, y + ry), self._paint(colour, **how))

    def box(self, x0, y0, x1, y1, colour, **how):
        self.canvas.drawRect(skia.Rect(x0, y0, x1, y1), self._paint(colour, **how))

    def line(self, points, colour, width, **how):
        self.polygon(points, colour, stroke=width, **how)

    def ball(self, x, y, rx, ry, colour):
        """A lit ball: light from the upper left, a soft dark side."""
        shader = skia.GradientShader.MakeRadial(
            (x - rx * 0.35, y - ry * 0.4), max(rx, ry) * 1.5,
            [rgb([c + (255 - c) * 0.35 for c in colour]), rgb(colour), rgb([c * 0.62 for c in colour])], [0.0, 0.45, 1.0])
        self.canvas.drawOval(skia.Rect(x - rx, y - ry, x + rx, y + ry), skia.Paint(AntiAlias=True, Shader=shader))

    def gradient(self, y0, y1, colours):
        """A vertical gradient over the whole width from y0 to y1."""
        shader = skia.GradientShader.MakeLinear([(0, y0), (0, y1)], [rgb(c) for c in colours])
        self.canvas.drawRect(skia.Rect(0, y0, SIZE, y1), skia.Paint(Shader=shader, Dither=True))

    def filled(self, points, top, bottom, y0, y1):
        """A polygon filled with a vertical gradient."""
        path = skia.Path()
        path.addPoly([skia.Point(float(x), float(y)) for x, y in points], True)
        shader = skia.GradientShader.MakeLinear([(0, y0), (0, y1)], [rgb(top), rgb(bottom)])
        self.canvas.drawPath(path, skia.Paint(AntiAlias=True, Shader=shader, Dither=True))

    def glow(self, x, y, radius, colour, alpha):
        shader = skia.GradientShader.MakeRadial((x, y), radius, [rgb(colour, alpha), rgb(colour, alpha * 0.35), rgb(colour, 0)],
                                                [0.0, 0.4, 1.0])
        self.canvas.drawCircle(x, y, radius, skia.Paint(AntiAlias=True, Shader=shader, Dither=True))

    def crescent(self, x, y, r, colour):
        """A disc less another disc beside it."""
        disc, bite = skia.Path(), skia.Path()
        disc.addCircle(x, y, r)
        bite.addCircle(x + r * 0.5, y - r * 0.24, r * 0.88)
        self.canvas.drawPath(skia.Op(disc, bite, skia.kDifference_PathOp), self._paint(colour))

    def pixels(self):
        """float32, 256 x 256 x 3, 0..255."""
        array = self.surface.makeImageSnapshot().toarray(colorType=skia.kRGBA_8888_ColorType)
        return array[:, :, :3].astype(np.float32)
