"""LightGBM and XGBoost models: read into trees of our own, which then convert like any other trees.

Both packages are optional (the extra ``boosting``). Nothing here imports them: a model of theirs brings
its package along.

- ``lightgbm``, ``xgboost``: read a fitted model of the package
- ``ensemble``: what both are read into
- ``twins``: estimators over it, in place of the packages' own on the copy that is converted
- ``reading``: which estimators are read, and the copy
- ``emit``: the nodes
"""
