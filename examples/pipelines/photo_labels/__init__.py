"""Labels small pictures: a pipeline from pictures to a served model, and the steps that it is made of."""
