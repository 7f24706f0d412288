"""Says aloud what is in a picture: image -> caption -> speech, as one Ray Serve application.

`app` is the application; everything else imports without Ray, and without torch until a model is loaded.
"""
