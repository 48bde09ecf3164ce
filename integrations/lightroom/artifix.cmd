@rem Lightroom Classic on Windows: the same as the file beside this one.
@artifix restore --quiet %*
