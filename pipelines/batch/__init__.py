"""Batch prediction: an Apache Beam pipeline over the exported model.

The pictures are cut into parts of a thousand. A worker reads a part, asks the model, and writes
the part's answers as one Parquet file, atomically. So pictures never travel between workers,
memory does not grow with their number, and a run that was stopped goes on with the parts that
have no file yet.
"""
